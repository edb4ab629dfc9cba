import { hash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { picks } from '../../../src/cli/commands/folders/picks.ts';
import { outcomeLine } from '../../../src/sinks/manifest/manifest.ts';
import { FakeStream } from '../../helpers/fakeStream.ts';
import { outcome } from '../../helpers/outcomes.ts';

let [folder, out] = ['', ''];
const sha256 = hash('sha256', 'fox');
const image = { width: 1, height: 1, format: 'png', bytes: 3, sha256 } as const;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rxposure-picks-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  out = join(folder, 'out');
  await mkdir(out);
  await writeFile(join(out, 'run.json'), JSON.stringify({ service: 'simulator', input: null }));
  const files = [
    { ...image, role: 'original', name: 'original', path: 'fox.png' },
    { ...image, role: 'rendition', name: 'thumb', path: 'fox--thumb.png' },
  ] as const;
  for (const { path } of files) await writeFile(join(out, path), 'fox');
  await writeFile(join(out, 'manifest.jsonl'), `${outcomeLine(outcome(0, { files: [...files] }))}\n`);
});

/** Runs the command on a file of picks; resolves with its output. */
async function copied(options: Parameters<typeof picks>[2], path = 'fox.png'): Promise<string> {
  const file = join(folder, 'picks.json');
  const pick = { number: '1', path, sha256: sha256.slice(0, 20), verdict: 'picked', stars: 5 };
  await writeFile(file, JSON.stringify({ run: 'out', picks: [pick], others: [] }));
  const stdout = new FakeStream();
  expect(await picks(out, file, options, { stdout })).toBe(0);
  return stdout.text;
}

it('copies the files of the picked images, and counts them', async () => {
  const to = join(folder, 'client');
  expect(await copied({ to })).toBe(`Copied 1 image, 2 files to ${to}.\n`);
  expect((await readdir(to)).toSorted()).toEqual(['fox--thumb.png', 'fox.png']);
});

it('copies the renditions alone, and lists the copies as JSON', async () => {
  const to = join(folder, 'client');
  expect(JSON.parse(await copied({ to, files: 'renditions', json: true }))).toEqual(['fox--thumb.png']);
  expect(await readdir(to)).toEqual(['fox--thumb.png']);
});

it('refuses a folder without a run', async () => {
  await expect(picks(folder, 'picks.json', {}, { stdout: new FakeStream() })).rejects.toThrow(
    /Expected the folder of a run, got a folder without run\.json/,
  );
});
