import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  concat,
  defer,
  EMPTY,
  endWith,
  firstValueFrom,
  ignoreElements,
  lastValueFrom,
  NEVER,
  type Observable,
  ReplaySubject,
  takeUntil,
} from 'rxjs';
import { expect, it } from 'vitest';
import { z } from 'zod';
import type { RunEvent } from '../../../src/events/runEvent.ts';
import type { Row } from '../../../src/fleet/database/connection.ts';
import { packEnded } from '../../../src/fleet/packedOutcomes.ts';
import { packPlans } from '../../../src/fleet/packedPlans.ts';
import { followOutcomes, importOutcomes } from '../../../src/fleet/producer/importOutcomes.ts';
import type { FinishedRun } from '../../../src/pipelines/run/closing/results.ts';
import { matchInput } from '../../../src/pipelines/run/matching/matchInput.ts';
import { inOpenRun } from '../../../src/pipelines/run/openRun.ts';
import { type RunToFolderConfig, runToFolder } from '../../../src/pipelines/runToFolder.ts';
import { outcomeSchema } from '../../../src/sinks/manifest/readOutcomes.ts';
import { fakeProvider } from '../../../src/testing/fakeProvider.ts';
import type { Outcome, Plan } from '../../../src/types.ts';
import { anOutcome } from '../../helpers/anOutcome.ts';
import { aPlan } from '../../helpers/aPlan.ts';
import { leftFolder } from '../../helpers/runUntil.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const root = temporaryFolder();
const folder = () => join(root(), 'night');

const plans = Array.from({ length: 4 }, (_, index) =>
  aPlan({ index, key: String(index).repeat(64), path: `pear-${index}` }),
);

/** The outcome of a plan as workers leave it; their images stay in a bucket. */
const savedOf = ({ index, key, prompt, input, path }: Plan): Outcome =>
  anOutcome({
    ...{ index, key, prompt, input },
    predictionId: `p${index}`,
    files: [
      {
        ...{ role: 'original', name: 'original', path: `${path}.webp`, format: 'webp' },
        ...{ width: 8, height: 8, bytes: 10, sha256: 'b'.repeat(64) },
      },
    ],
  });

/** A part for each plan, all done, as the database yields them. */
const parts = async (): Promise<Row[]> =>
  Promise.all(
    plans.map(async (plan, part) => ({
      ...{ part, first_index: plan.index, jobs: 1, plans: Buffer.from(''), now_ms: Date.now() },
      outcomes: await packEnded([{ outcome: savedOf(plan), open: null }]),
    })),
  );

/** A database that has these parts, and reads the outcomes of one at a time. */
const databaseOf = (rows: readonly Row[]) => ({
  query: async (_sql: string, [_run, from, but, most]: readonly unknown[] = []) =>
    most === undefined
      ? rows
      : rows.filter(({ part }) => Number(part) >= Number(from) && ![but].flat().includes(part)).slice(0, 1),
});

function enter(rows: readonly Row[], settings: Partial<RunToFolderConfig> = {}): Promise<FinishedRun> {
  return firstValueFrom(
    runToFolder(() => plans, {
      folder: folder(),
      provider: fakeProvider(),
      gallery: false,
      ...settings,
      make: (_plans, opened) => importOutcomes(databaseOf(rows), 1, opened),
    }),
  );
}

async function manifest() {
  const text = await readFile(join(folder(), 'manifest.json'), 'utf8');
  return z.object({ outcomes: z.array(outcomeSchema) }).parse(JSON.parse(text)).outcomes;
}

it('enters the rest with the next command if the database fails for good in the middle', async () => {
  const rows = await parts();
  const damaged = rows.map((row) => (row.part === 2 ? { ...row, outcomes: Buffer.from('x') } : row));
  const first = await enter(damaged);
  expect(first.fault).toMatchObject({ code: 'ERR_DAMAGED_PART' });
  expect(first.totals).toMatchObject({ total: 4, saved: 2, skipped: 0 });
  expect(await manifest()).toEqual(plans.slice(0, 2).map(savedOf));
  const second = await enter(rows);
  expect(second.fault).toBeNull();
  expect(second.totals).toMatchObject({ total: 4, alreadySaved: 2, saved: 2, skipped: 0 });
  expect(await manifest()).toEqual(plans.map(savedOf));
});

it('refuses a part that lacks the outcome of a job', async () => {
  const rows = await parts();
  const { fault } = await enter(rows.map((row) => ({ ...row, jobs: 2 })));
  expect(fault).toMatchObject({ code: 'ERR_DAMAGED_PART' });
});

it('reports the ends of jobs on other machines, and unsaved jobs again with the next command', async () => {
  const status = ['saved', 'failed', 'skipped', 'saved'] as const;
  const error = { name: 'E', code: 'ERR_SAFETY', message: 'no', recoverable: false, suggestion: '' };
  const rows = (await parts()).map((row, at) => {
    const [plan] = plans.slice(at, at + 1).map((one) => ({ ...one, priceMicroUsd: 3_000 }));
    if (plan === undefined || status[at] === 'saved') return row;
    const outcome: Outcome = {
      ...savedOf(plan),
      status: status[at] ?? 'failed',
      files: [],
      error,
      costUsd: at === 1 ? 0.003 : 0,
    };
    return { ...row, plans: packPlans([plan]), outcomes: packEnded([{ outcome, open: null }]) };
  });
  const told = { total: 4, failed: 1, skipped: 1 };
  for (const [saved, alreadySaved, costUsd] of [
    [2, 0, 0.009],
    [0, 2, 0],
  ]) {
    const events: string[] = [];
    const emit = (event: RunEvent) => {
      if ('outcome' in event) events.push(`${event.type} ${event.outcome.index}`);
    };
    const { totals, report } = await enter(rows, { emit });
    expect(totals).toMatchObject({ ...told, saved, alreadySaved, costUsd });
    expect(report).toMatchObject({ ...told, saved: 2, costUsd: 0.009 });
    const savedNow = saved === 0 ? [] : ['image.saved 0', 'image.saved 3'];
    expect(events.toSorted()).toEqual([...savedNow, 'job.failed 1', 'job.skipped 2']);
  }
});

/** Follows the run as a command does; `rows` are those of the database. */
function follow(rows: readonly Row[], stop: Observable<unknown>): Observable<unknown> {
  const settings = { folder: folder(), provider: fakeProvider(), gallery: false, keepUnfinished: true };
  const run = { fingerprint: null, total: plans.length, isSame: true };
  return inOpenRun({ ...settings, make: () => EMPTY }, (opened) =>
    concat(
      defer(() => matchInput(() => plans, run, opened)),
      followOutcomes(databaseOf(rows), 1, opened, null, { everyMs: 1, stop }),
    ).pipe(ignoreElements(), endWith(null)),
  );
}

const linesOf = async () => {
  const text = await readFile(join(folder(), 'manifest.jsonl'), 'utf8').catch(() => '');
  return text.split('\n').slice(0, -1);
};
const enteredParts = async () => (await linesOf()).map((line) => JSON.parse(line).index);

it('enters parts as they are done, in any order, and the end counts them all', async () => {
  const all = await parts();
  const done: Row[] = [];
  const stop = new ReplaySubject<void>(1);
  const following = lastValueFrom(follow(done, stop));
  for (const part of [2, 0, 1]) {
    done.push(...all.slice(part, part + 1));
    await expect.poll(enteredParts).toContain(part);
  }
  expect(await enteredParts()).toEqual([2, 0, 1]);
  const unfinished = join(folder(), 'of-a-worker.rxposure.part');
  await writeFile(unfinished, '');
  stop.next();
  await following;
  // Another command follows: it enters nothing again, and removes nothing of the workers'.
  const again = new ReplaySubject<void>(1);
  const second = lastValueFrom(follow(done, again));
  await expect.poll(() => existsSync(join(folder(), 'run.lock'))).toBe(true);
  again.next();
  await second;
  expect(await enteredParts()).toEqual([2, 0, 1]);
  expect(existsSync(unfinished)).toBe(true);
  const { totals, fault, report } = await enter(all, { countsAll: true, startedAtMs: 1 });
  expect(fault).toBeNull();
  expect(totals).toMatchObject({ total: 4, alreadySaved: 0, saved: 4, skipped: 0, costUsd: 0.012 });
  expect(report).toMatchObject({ saved: 4, runs: 1 });
  expect(await manifest()).toEqual(plans.map(savedOf));
  expect(existsSync(unfinished)).toBe(false);
});

it('may be left at any time: missing outcomes are entered later', async () => {
  const all = await parts();
  const left = new ReplaySubject<void>(1);
  const following = lastValueFrom(follow(all.slice(0, 2), NEVER).pipe(takeUntil(left)), {
    defaultValue: 'left',
  });
  await expect.poll(enteredParts).toEqual([0, 1]);
  left.next();
  expect(await following).toBe('left');
  await leftFolder(folder());
  expect(await enteredParts()).toEqual([0, 1]);
  expect((await enter(all, { countsAll: true })).totals).toMatchObject({ alreadySaved: 0, saved: 4 });
});
