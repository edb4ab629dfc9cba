import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastValueFrom } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunJournal } from '../../src/store/entries.ts';
import { openJournal } from '../../src/store/journal/journal.ts';
import { createMemoryJournal } from '../../src/store/memoryJournal.ts';
import type { JournalEntry, Plan } from '../../src/types.ts';
import {
  aFile,
  aPlan,
  aPrediction,
  created,
  downloaded,
  ended,
  intended,
  outcome,
} from '../helpers/aPlan.ts';
import { aRun, aWorker } from '../helpers/fleet.ts';
import { fleetDatabase, whyNoPostgres } from '../helpers/postgres.ts';

const folder = mkdtempSync(join(tmpdir(), 'rxposure-journals-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Returns an entry whose prediction has a suffix to its id. */
function withSuffix(entry: JournalEntry, suffix: string): JournalEntry {
  switch (entry.type) {
    case 'created':
      return { ...entry, predictionId: `${entry.predictionId}${suffix}` };
    case 'downloaded':
      return { ...entry, prediction: { ...entry.prediction, id: `${entry.prediction.id}${suffix}` } };
    case 'outcome': {
      const { predictionId } = entry.outcome;
      const id = predictionId === null ? null : `${predictionId}${suffix}`;
      return { ...entry, outcome: { ...entry.outcome, predictionId: id } };
    }
    default:
      return entry;
  }
}

interface Opening {
  readonly open: () => RunJournal | Promise<RunJournal>;
  /** Why this machine does not have it. Default: it does. */
  readonly missing?: string | null;
  /** True if another request may get the index of one before it. */
  readonly takesNewInput: boolean;
}

let database: Awaited<ReturnType<typeof fleetDatabase>> | undefined;
afterAll(() => database?.close());

const openings: readonly [string, Opening][] = [
  ['createMemoryJournal', { open: createMemoryJournal, takesNewInput: true }],
  ['openJournal', { open: () => openJournal(folder), takesNewInput: true }],
  [
    'createPartJournal',
    {
      open: async () => {
        database = await fleetDatabase(2);
        return (await aWorker(database, await aRun(database), { folder })).journal;
      },
      missing: await whyNoPostgres(),
      takesNewInput: false,
    },
  ],
];

/** The contract of all journals, so that one may replace another. */
for (const [name, { open, missing = null, takesNewInput }] of openings) {
  describe.skipIf(missing !== null)(missing === null ? name : `${name} (skipped: ${missing})`, () => {
    let journal: RunJournal;
    beforeAll(async () => {
      journal = await open();
    });
    afterAll(() => journal.close());
    // A prediction belongs to one job: each has its own `p1`.
    const record = async (plan: Plan, ...entries: JournalEntry[]) => {
      const suffix = ` of #${plan.index}`;
      for (const entry of entries) await lastValueFrom(journal.record(plan, withSuffix(entry, suffix)));
      const found = journal.find(plan.index);
      return found === undefined ? undefined : JSON.parse(JSON.stringify(found).replaceAll(suffix, ''));
    };
    const knownIds = () => [...journal.knownPredictionIds()].map((id) => id.replace(/ of #\d+$/, ''));
    let next = 0;
    const newPlan = (fields: Partial<Plan> = {}) => aPlan({ index: next++, ...fields });

    it('knows nothing of a job that was never written about', () => {
      expect([journal.find(12_345), journal.isSaved(12_345)]).toEqual([undefined, false]);
    });

    it('keeps the prediction of a saved job that left no files: its output is nowhere else', async () => {
      const plan = newPlan();
      const entries = [intended(), created(), downloaded(), outcome('saved', { predictionId: 'p1' })];
      expect(await record(plan, ...entries)).toMatchObject({ state: 'saved', prediction: aPrediction() });
    });

    it('books the exact cost of a saved job in place of its estimate, if it was less too', async () => {
      const plan = newPlan();
      const before = journal.spentMicroUsd();
      const saved = (costUsd: number, predictionId = 'p1') => outcome('saved', { predictionId, costUsd });
      await record(plan, intended(), created(), downloaded(), saved(0.005));
      await record(plan, saved(0.004));
      expect(journal.spentMicroUsd() - before).toBe(4_000);
      // Another prediction corrects nothing: the earlier payment stays.
      await record(plan, saved(0.001, 'p2'));
      expect(journal.spentMicroUsd() - before).toBe(4_000);
    });

    it('remembers no earlier run of its own', () => {
      journal.noteSession({ startedAtMs: 1, elapsedMs: 2, apiRequests: 3, saved: 4 });
      expect(journal.sessions()).toEqual([]);
    });

    it('follows a job from its intent to its files', async () => {
      const plan = newPlan();
      const path = join(folder, 'a/cat.png');
      const before = {
        index: plan.index,
        key: plan.key,
        attempts: 1,
        intendedAtMs: 1_000,
        request: null,
        costMicroUsd: 0,
        openMicroUsd: plan.priceMicroUsd,
      };
      expect(await record(plan, intended())).toEqual({
        ...before,
        state: 'intended',
        predictionId: null,
        prediction: null,
        files: [],
      });
      expect(await record(plan, created())).toMatchObject({ state: 'created', predictionId: 'p1' });
      expect(await record(plan, downloaded(path))).toEqual({
        ...before,
        state: 'downloaded',
        predictionId: 'p1',
        prediction: aPrediction(),
        files: [aFile(path)],
      });
      expect(journal.isSaved(plan.index)).toBe(false);
      expect(await record(plan, outcome('saved', { predictionId: 'p1' }))).toMatchObject({
        state: 'saved',
        predictionId: 'p1',
        files: [aFile(path)],
      });
      expect(journal.isSaved(plan.index)).toBe(true);
    });

    it('counts attempts and their money, and forgets the prediction of an ended one', async () => {
      const plan = newPlan();
      const entries = [intended(1), created('x1', 1), ended(700, 1), intended(2, 2_000), created('x2', 2)];
      expect(await record(plan, ...entries)).toMatchObject({
        attempts: 2,
        predictionId: 'x2',
        costMicroUsd: 700,
      });
      expect(await record(plan, ended(50, 2))).toMatchObject({
        state: 'ended',
        attempts: 2,
        intendedAtMs: null,
        predictionId: null,
        costMicroUsd: 750,
      });
      expect(knownIds()).toEqual(expect.arrayContaining(['x1', 'x2']));
    });

    it('keeps downloaded files when the same prediction is resumed', async () => {
      const plan = newPlan();
      const found = await record(plan, intended(), created(), downloaded(join(folder, 'cat.png')), created());
      expect(found).toMatchObject({ state: 'downloaded', files: [{ bytes: 1 }] });
    });

    it('counts jobs as open that may still have a prediction, failed and skipped ones too', async () => {
      const plans = {
        intended: [intended()],
        created: [intended(), created()],
        downloaded: [intended(), created(), downloaded()],
        failedOnTheWay: [intended(), created(), outcome('failed')],
        stopped: [intended(), outcome('skipped')],
      };
      const closed = {
        ended: [intended(), created(), ended()],
        failed: [intended(), created(), ended(), outcome('failed')],
        overBudget: [outcome('skipped')],
        saved: [intended(), created(), downloaded(), outcome('saved')],
      };
      const openBefore = new Set(journal.openIndexes());
      const expected: number[] = [];
      for (const entries of Object.values(plans)) {
        const plan = newPlan();
        await record(plan, ...entries);
        expected.push(plan.index);
      }
      for (const entries of Object.values(closed)) await record(newPlan(), ...entries);
      expect([...journal.openIndexes()].filter((index) => !openBefore.has(index))).toEqual(expected);
    });

    it('adds up certain and possible payments', async () => {
      const spentBefore = journal.spentMicroUsd();
      const openBefore = journal.openMicroUsd();
      const plan = newPlan({ priceMicroUsd: 3_000 });
      const sums = () => [journal.spentMicroUsd() - spentBefore, journal.openMicroUsd() - openBefore];
      await record(plan, intended(), created());
      expect(sums()).toEqual([0, 3_000]);
      await record(plan, ended(700));
      expect(sums()).toEqual([700, 0]);
      const files: JournalEntry = { type: 'downloaded', prediction: aPrediction({ id: 'y2' }), files: [] };
      await record(plan, intended(2), created('y2', 2), files);
      expect(sums()).toEqual([700, 3_000]);
      await record(plan, outcome('failed', { costUsd: 0.0037 }));
      expect(sums()).toEqual([3_700, 0]);
      await record(plan, outcome('saved', { costUsd: 0.0037 }));
      expect(sums()).toEqual([3_700, 0]);
      await record(newPlan({ priceMicroUsd: null }), intended(), outcome('saved', { costUsd: null }));
      expect(sums()).toEqual([3_700, 0]);
    });

    it('holds the money of an attempt that is dearer than its plan, until it ends', async () => {
      const openBefore = journal.openMicroUsd();
      const plan = newPlan({ priceMicroUsd: 3_000 });
      const open = () => journal.openMicroUsd() - openBefore;
      await record(plan, { type: 'intended', attempt: 1, atMs: 1, reservedMicroUsd: 40_000 });
      expect(open()).toBe(40_000);
      await record(plan, created('d1'));
      expect(open()).toBe(40_000);
      await record(plan, ended(0));
      expect(open()).toBe(0);
    });

    it.skipIf(!takesNewInput)(
      'starts over, except for the money, when the request at an index has changed (skipped for parts, whose plans never change)',
      async () => {
        const plan = newPlan();
        await record(plan, intended(), created('z1'), outcome('saved', { costUsd: 0.003 }));
        const spent = journal.spentMicroUsd();
        const changed = { ...plan, key: 'c'.repeat(64) };
        expect(await record(changed, intended())).toMatchObject({
          key: changed.key,
          state: 'intended',
          attempts: 1,
          predictionId: null,
        });
        expect(journal.isSaved(plan.index)).toBe(false);
        expect(journal.spentMicroUsd()).toBe(spent);
        await record(changed, outcome('saved', { costUsd: 0.001 }));
        expect(journal.spentMicroUsd()).toBe(spent + 1_000);
        expect(knownIds()).toContain('z1');
      },
    );

    it('counts jobs by state', async () => {
      const before = journal.counts();
      await record(newPlan(), outcome('saved'));
      await record(newPlan(), outcome('failed'));
      await record(newPlan(), outcome('skipped'));
      await record(newPlan(), intended());
      expect(journal.counts()).toEqual({
        saved: before.saved + 1,
        failed: before.failed + 1,
        skipped: before.skipped + 1,
        unfinished: before.unfinished + 1,
      });
      expect(journal.savedCount()).toBe(before.saved + 1);
    });
  });
}
