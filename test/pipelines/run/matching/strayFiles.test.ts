import { spawnSync } from 'node:child_process';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Subject } from 'rxjs';
import { expect, it } from 'vitest';
import type { RunEvent } from '../../../../src/events/runEvent.ts';
import { findStrayFiles } from '../../../../src/pipelines/run/matching/strayFiles.ts';
import { runToFolder } from '../../../../src/pipelines/runToFolder.ts';
import { createReplicateProvider } from '../../../../src/providers/replicate/replicateProvider.ts';
import { planJobs } from '../../../../src/sources/planning/planJobs.ts';
import { openJournal } from '../../../../src/store/journal/journal.ts';
import { jobOf } from '../../../helpers/jobOf.ts';
import { runOf } from '../../../helpers/runOf.ts';
import { runUntil } from '../../../helpers/runUntil.ts';
import { SCHNELL, simulated } from '../../../helpers/simulated.ts';
import { temporaryFolder } from '../../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();

async function aFolder() {
  const simulator = await simulated();
  const run = async (prompts: readonly string[], isKilled = false) => {
    const jobs = prompts.map((prompt, index) =>
      jobOf({ index, prompt, model: SCHNELL, version: null, input: { prompt, seed: 1 } }),
    );
    const plans = () => planJobs(jobs, { organize: 'flat', date: '2026-11-23', priceOf: () => 3_000 });
    const killed = new Subject<void>();
    // Then the image has its name, but the journal does not know it.
    const emit = ({ type }: RunEvent) => {
      if (isKilled && type === 'image.downloaded') killed.next();
    };
    const settings = { folder: folder(), provider: createReplicateProvider(simulator), emit, gallery: false };
    await runUntil(runToFolder(plans, settings), folder(), killed);
    const names = await readdir(folder(), { recursive: true });
    return names.filter((name) => name.endsWith('.webp')).toSorted();
  };
  return { simulator, run };
}

it('moves an image that a kill left without a record to the new name of its job', async () => {
  const { simulator, run } = await aFolder();
  expect(await run(['a cat'], true)).toEqual(['0001-a-cat.webp']);
  expect(await run(['a dog', 'a cat'])).toEqual(['0001-a-dog.webp', '0002-a-cat.webp']);
  expect(simulator.stats().created).toBe(2);
});

it('moves it to the unused results if its job was deleted', async () => {
  const { run } = await aFolder();
  await run(['a cat'], true);
  expect(await run(['a dog'])).toEqual(['0001-a-dog.webp', 'unused/1/0001-a-cat.webp']);
});

const SIDECAR = '"predictionId": "p1"';
const at = (name: string) => join(folder(), name);

/** Finds the files of one open prediction; calls `isOwn` between the list and a look at each. */
function findStrays(isOwn: (path: string) => Promise<boolean> = async () => false) {
  const journal = { openIndexes: () => [0], find: () => ({ predictionId: 'p1', intendedAtMs: 0 }) };
  const run = { config: { ...runOf().config, folder: folder() }, journal };
  return findStrayFiles(run as never, isOwn);
}

it('skips a file that another process deletes meanwhile', async () => {
  for (const name of ['a.json', 'b.json', 'c.json']) await writeFile(at(name), SIDECAR);
  const found = await findStrays(async (path) => {
    if (path === 'b.json') await rm(at(path));
    return false;
  });
  expect(found.get('p1')?.toSorted()).toEqual(['a.json', 'c.json']);
});

it('finds neither unfinished files nor those that the run keeps for itself', async () => {
  for (const name of ['a.json.0123.rxposure.part', 'run.lock', 'report.json', 'comparison.json', 'grid.json'])
    await writeFile(at(name), SIDECAR);
  await writeFile(at('run.lock.after-0123.rxposure.part'), SIDECAR);
  const looked: string[] = [];
  const found = await findStrays(async (path) => {
    looked.push(path);
    return false;
  });
  expect([...found]).toEqual([]);
  expect(looked).toEqual([]);
});

it('leaves the lock on the journal, which a second handle of it would end', async () => {
  const journal = openJournal(folder(), { service: 'replicate' });
  const script = `
    const database = new (require('node:sqlite').DatabaseSync)(process.argv[1]);
    try { database.exec('BEGIN IMMEDIATE'); console.log('opened'); } catch (error) { console.log(error.message); }`;
  const openElsewhere = () =>
    spawnSync(process.execPath, ['-e', script, at('run.sqlite')], { encoding: 'utf8' }).stdout.trim();
  expect(openElsewhere()).toBe('database is locked');
  await findStrays();
  expect(openElsewhere()).toBe('database is locked');
  journal.close();
});
