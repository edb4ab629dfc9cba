import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runExamples } from '../../examples/runExamples.ts';

it('every example runs on the simulator and leaves a folder to look at', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rxposure-examples-'));
  try {
    let count = 0;
    for await (const run of runExamples({ folder, speed: 50 })) {
      expect(run, run.stderr).toMatchObject({ exitCode: 0 });
      expect(await readdir(run.folder)).toEqual(
        expect.arrayContaining(['contact-sheet.jpg', 'gallery.html', 'manifest.json', 'report.json']),
      );
      count += 1;
    }
    const files = await readdir('examples');
    expect(count).toBe(files.filter((name) => /\.(yaml|jsonl)$/.test(name)).length);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 120_000);
