import { expect, it } from 'vitest';
import { temporaryFolder } from '../helpers/temporaryFolder.ts';
import { type BatchReport, SPEED } from './runBatch.ts';
import { type Batch, batchOf, inOneFolder, runCache, runLane } from './runSuite.ts';
import { changedInput } from './workloads/changedInput.ts';
import { damagedJournal } from './workloads/damagedJournal.ts';
import { laggingList } from './workloads/laggingList.ts';
import { oddProxy } from './workloads/oddProxy.ts';
import { onlyKills, profile } from './workloads/profiles.ts';

const folder = temporaryFolder();

const lanes: readonly [name: string, batch: Batch, kills: number, seed: number][] = [
  ['kills', batchOf(onlyKills), 1, 4],
  ['storm', batchOf(profile('storm')), 2, 7],
  ['throttled', batchOf(profile('throttled')), 1, 8],
  ['input', batchOf(changedInput), 2, 9],
  ['damage', batchOf(damagedJournal), 3, 2],
  ['proxy', batchOf(oddProxy), 1, 1],
  ['lag', batchOf(laggingList(30, SPEED)), 1, 3],
  ['folder', inOneFolder, 1, 5],
  ...(['sequential', 'parallel', 'waves', 'queue'] as const).map((strategy): (typeof lanes)[number] => [
    strategy,
    batchOf(profile('storm'), strategy),
    1,
    8,
  ]),
];

// One test, because a test runner limits how many run side by side, and these mostly wait.
it('runs that are killed lose nothing, pay nothing twice, and book every cent', async () => {
  const common = { folder: folder(), prompts: 8 };
  const reports: readonly (readonly BatchReport[])[] = await Promise.all([
    ...lanes.map(([name, batch, kills, seed]) => runLane(batch, { ...common, name, kills, seed })),
    runCache({ ...common, seed: 6 }).then((report) => [report]),
  ]);
  const sum = (of: (report: BatchReport) => number) =>
    reports.map((lane: readonly BatchReport[]) => lane.reduce((total, report) => total + of(report), 0));
  expect(reports.flat().flatMap(({ problems }) => problems)).toEqual([]);
  expect(sum(({ kills }) => kills)).toEqual([...lanes.map(([, , kills]) => kills), 0]);
  // Each lane has had the faults that it is for.
  const struck = reports.map((lane) => lane.some(({ faults }) => faults.size > 0));
  expect(lanes.filter((_, at) => !struck[at]).map(([name]) => name)).toEqual(['kills']);
  expect(sum(({ lost, paidTwice }) => lost + paidTwice)).toEqual(reports.map(() => 0));
}, 120_000);
