import { appendFile, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { firstValueFrom, forkJoin, lastValueFrom, mergeMap, range, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { openManifest } from '../../../src/sinks/manifest/manifest.ts';
import type { Outcome } from '../../../src/types.ts';
import { anOutcome } from '../../helpers/anOutcome.ts';
import { collect } from '../../helpers/collect.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const linesPath = () => join(folder(), 'manifest.jsonl');
const readLines = async () => (await readFile(linesPath(), 'utf8')).trimEnd().split('\n');

async function writeOutcomes(...outcomes: Outcome[]): Promise<void> {
  const manifest = await openManifest(folder());
  await lastValueFrom(forkJoin(outcomes.map((outcome) => manifest.append(outcome))));
  await manifest.close();
}

async function readBack(): Promise<Outcome[]> {
  const manifest = await openManifest(folder());
  const outcomes: Outcome[] = [];
  try {
    for await (const outcome of manifest.outcomes()) outcomes.push(outcome);
  } finally {
    await manifest.close();
  }
  return outcomes;
}

describe('openManifest', () => {
  it('emits an outcome once its line is on the disk, in the order of the appends', async () => {
    const manifest = await openManifest(folder());
    const second = anOutcome({ index: 1 });
    expect(await firstValueFrom(manifest.append(second))).toBe(second);
    expect(await readLines()).toHaveLength(1);
    await lastValueFrom(forkJoin([5, 0, 3].map((index) => manifest.append(anOutcome({ index })))));
    expect((await readLines()).map((line) => JSON.parse(line).index)).toEqual([1, 5, 0, 3]);
    expect([manifest.has(3), manifest.has(2), manifest.has(99)]).toEqual([true, false, false]);
    await manifest.close();
  });

  it('finishes with one outcome a job, the last one, in input order, those of earlier runs included', async () => {
    const error = { name: 'E', code: 'ERR_X', message: 'm', recoverable: true, suggestion: 's' };
    const failed = anOutcome({ index: 2, status: 'failed', error });
    await writeOutcomes(failed, anOutcome({ index: 1 }));
    const manifest = await openManifest(folder());
    await lastValueFrom(
      forkJoin([manifest.append(anOutcome({ index: 0 })), manifest.append(anOutcome({ index: 2 }))]),
    );
    await manifest.finish({ elapsedMs: 5 });
    await manifest.close();
    expect(JSON.parse(await readFile(join(folder(), 'manifest.json'), 'utf8'))).toEqual({
      run: { elapsedMs: 5 },
      outcomes: [anOutcome({ index: 0 }), anOutcome({ index: 1 }), anOutcome({ index: 2 })],
    });
  });

  it('finishes with lines that are still being written', async () => {
    const manifest = await openManifest(folder());
    const appended = lastValueFrom(manifest.append(anOutcome()));
    await manifest.finish({});
    await appended;
    await manifest.close();
    const { outcomes } = JSON.parse(await readFile(join(folder(), 'manifest.json'), 'utf8'));
    expect(outcomes).toEqual([anOutcome()]);
  });

  it.each([
    ['deleted', () => rm(linesPath()), 'it was deleted'],
    ['deleted with its folder', () => rm(folder(), { recursive: true }), 'it was deleted'],
    ['cut', () => truncate(linesPath(), 10), 'it was cut short'],
  ])('refuses lines that would be lost, once its file is %s', async (_, change, story) => {
    const manifest = await openManifest(folder());
    await lastValueFrom(manifest.append(anOutcome()));
    await change();
    const fault = { name: 'StorageError', message: expect.stringContaining(story) };
    await expect(lastValueFrom(manifest.append(anOutcome({ index: 1 })))).rejects.toMatchObject(fault);
    await expect(manifest.finish({})).rejects.toMatchObject(fault);
    await manifest.close();
  });

  it('reports that its file was cut if it cannot read an outcome any more', async () => {
    const manifest = await openManifest(folder());
    await lastValueFrom(manifest.append(anOutcome()));
    await truncate(linesPath(), 10);
    const fault = { code: 'ERR_FOLDER_CHANGED', message: expect.stringContaining('it was cut short') };
    await expect(manifest.find(0)).rejects.toMatchObject(fault);
    await expect(collect(manifest.outcomes())).rejects.toMatchObject(fault);
    await manifest.close();
  });

  it('does not finish with a line that was damaged before it was opened', async () => {
    await writeOutcomes(...[0, 1, 2].map((index) => anOutcome({ index })));
    const text = await readFile(linesPath(), 'utf8');
    await writeFile(linesPath(), text.replace('"index":1,"key"', '"index":1,"kee"'));
    const manifest = await openManifest(folder());
    await expect(manifest.finish({})).rejects.toMatchObject({ code: 'ERR_MANIFEST_DAMAGED' });
    await manifest.close();
  });

  it('appends many outcomes together, and counts the jobs', async () => {
    const manifest = await openManifest(folder());
    const some = [2, 0, 7].map((index) => anOutcome({ index, prompt: `ü ☀️ ${index}` }));
    const append = (outcomes: Outcome[]) => lastValueFrom(manifest.appendAll(outcomes).pipe(toArray()));
    expect(await append(some)).toEqual(some);
    expect(await append([])).toEqual([]);
    await lastValueFrom(manifest.append(anOutcome({ index: 7 })));
    expect([manifest.size(), manifest.end()]).toEqual([3, 8]);
    expect(await manifest.find(0)).toEqual(some[1]);
    await manifest.close();
    expect(await readBack()).toEqual([some[1], some[0], anOutcome({ index: 7 })]);
  });

  it('lists the outcomes of which the service may report more', async () => {
    const early = { metrics: {}, completedAt: null };
    await writeOutcomes(anOutcome({ index: 0, ...early }), anOutcome({ index: 1 }));
    const manifest = await openManifest(folder());
    const unmeasured = async () => (await collect(manifest.unmeasured())).map(({ index }) => index);
    await lastValueFrom(manifest.append(anOutcome({ index: 2, ...early })));
    await lastValueFrom(manifest.append(anOutcome({ index: 3, ...early, status: 'failed' })));
    expect(await unmeasured()).toEqual([0, 2]);
    await lastValueFrom(manifest.append(anOutcome({ index: 2 })));
    expect(await unmeasured()).toEqual([0]);
    await manifest.close();
  });

  it('finishes an empty run', async () => {
    const manifest = await openManifest(folder());
    await manifest.finish({});
    await manifest.close();
    expect(JSON.parse(await readFile(join(folder(), 'manifest.json'), 'utf8'))).toEqual({
      run: {},
      outcomes: [],
    });
  });

  it.each([
    ['half a line', '{"index":2,"key":"aaa'],
    ['a line that is not JSON', '{"index":2,"key"\n'],
    ['a line that is not an outcome', '{"index":2,"key":"a"}\n'],
    ['zeros, as a power cut leaves them', '\0'.repeat(100)],
    ['an empty line', '\n'],
  ])('drops the rest of a crash at the end: %s', async (_, torn) => {
    const whole = [anOutcome({ index: 0 }), anOutcome({ index: 1 })];
    await writeOutcomes(...whole);
    const { size } = await stat(linesPath());
    await appendFile(linesPath(), torn);
    expect(await readBack()).toEqual(whole);
    expect((await stat(linesPath())).size).toBe(size);
    await writeOutcomes(anOutcome({ index: 2 }));
    expect(await readBack()).toEqual([...whole, anOutcome({ index: 2 })]);
  });

  it('drops the only line if it is cut off', async () => {
    await writeOutcomes(anOutcome());
    await truncate(linesPath(), 20);
    expect(await readBack()).toEqual([]);
  });

  it('reads lines of all lengths across the blocks it reads in', async () => {
    const outcomes = Array.from({ length: 40 }, (_, index) =>
      anOutcome({ index, prompt: 'ü'.repeat(index * 3_000) }),
    );
    await writeOutcomes(...outcomes.toReversed());
    expect(await readBack()).toEqual(outcomes);
  });

  it('fails at a damaged line in the middle', async () => {
    await writeOutcomes(anOutcome({ index: 0 }), anOutcome({ index: 1 }));
    const [first = '', second = ''] = await readLines();
    await writeFile(linesPath(), `${first.replace('"status":"saved"', '"status":"gone!"')}\n${second}\n`);
    await expect(readBack()).rejects.toMatchObject({ name: 'StorageError', code: 'ERR_MANIFEST_DAMAGED' });
  });

  it('rejects if the folder cannot be created', async () => {
    await writeFile(join(folder(), 'file'), '');
    await expect(openManifest(join(folder(), 'file'))).rejects.toMatchObject({ name: 'StorageError' });
  });

  it('fails an append that cannot be written', async () => {
    const manifest = await openManifest(folder());
    await manifest.close();
    await expect(firstValueFrom(manifest.append(anOutcome()))).rejects.toMatchObject({
      name: 'StorageError',
    });
  });

  it('takes 20,000 outcomes of 36 jobs at a time, and finishes, in little memory', async () => {
    const manifest = await openManifest(folder());
    const outcome = anOutcome({ prompt: 'x'.repeat(300) });
    await lastValueFrom(
      range(0, 20_000).pipe(mergeMap((index) => manifest.append({ ...outcome, index }), 36)),
    );
    const beforeBytes = process.memoryUsage().rss;
    await manifest.finish({});
    expect(process.memoryUsage().rss - beforeBytes).toBeLessThan(100e6);
    await manifest.close();
    const { outcomes } = JSON.parse(await readFile(join(folder(), 'manifest.json'), 'utf8'));
    expect(outcomes).toHaveLength(20_000);
    expect(outcomes[19_999].index).toBe(19_999);
  });
});
