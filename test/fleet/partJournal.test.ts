import { firstValueFrom, lastValueFrom, NEVER, of, Subject } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StorageError } from '../../src/errors.ts';
import type { Admission, Asking, Noting, PartCalls } from '../../src/fleet/database/partCalls.ts';
import { createPartJournal, type PartJournalConfig } from '../../src/fleet/part/partJournal.ts';
import { createGate } from '../../src/operators/gate.ts';
import { aPlan, created, ended, intended, outcome } from '../helpers/aPlan.ts';
import { describeFleet } from '../helpers/describeFleet.ts';
import { aRun, aWorker } from '../helpers/fleet.ts';
import { fleetDatabase } from '../helpers/postgres.ts';

const granted: Admission = { verdict: 'granted', atMs: 0 };
const wait = (waitMs: number): Admission => ({ verdict: 'wait', waitMs, reason: 'slots' });
/** Lets promises that are settled run their course. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A journal over calls whose results come from a test. */
function aJournal(calls: Partial<PartCalls>, config: Partial<PartJournalConfig> = {}) {
  const asked: Asking[] = [];
  const noted: Noting[] = [];
  const released: (readonly [number, number])[] = [];
  const { begin = () => of(granted), note = () => of('noted' as const) } = calls;
  const all: PartCalls = {
    claim: () => of(true),
    mark: () => of(undefined),
    expectOwn: () => of(undefined),
    release: (index, attempt) => {
      released.push([index, attempt]);
      return of(undefined);
    },
    begin: (asking) => {
      asked.push(asking);
      return begin(asking);
    },
    note: (noting) => {
      noted.push(noting);
      return note(noting);
    },
  };
  const own = { calls: all, folder: '/run', holdMs: 1_000, line: createGate(1), random: () => 0, ...config };
  return { journal: createPartJournal(own), asked, noted, released };
}

describe('createPartJournal', () => {
  const [first, second] = [aPlan({ index: 1 }), aPlan({ index: 2 })];

  it('asks for the reserved money of the attempt, and again under the same number until it is granted', async () => {
    const answers = [wait(1), wait(1), granted];
    const { journal, asked } = aJournal({ begin: () => of(answers.shift() ?? granted) });
    await lastValueFrom(
      journal.record(first, { type: 'intended', attempt: 1, atMs: 5, reservedMicroUsd: 70 }),
    );
    expect(asked.map(({ seq, priceMicroUsd, holdMs }) => [seq, priceMicroUsd, holdMs])).toEqual(
      Array.from({ length: 3 }, () => [1, 70, 1_000]),
    );
    await lastValueFrom(journal.record(first, created()));
    expect(journal.openMicroUsd()).toBe(70);
  });

  it('returns moments by the database’s clock, whichever that of its machine is', async () => {
    const { journal } = aJournal({}, { aheadMs: 600_000 });
    await lastValueFrom(journal.record(first, { type: 'intended', attempt: 1, atMs: 1_000_000 }));
    expect(journal.openRowOf(first.index)).toMatchObject({ intended_at_ms: 400_000 });
  });

  it('lets one job after the other ask, but those that hold a slot at once', async () => {
    const { journal, asked } = aJournal({ begin: ({ index }) => (index === 2 ? NEVER : of(granted)) });
    await lastValueFrom(journal.record(first, intended()));
    const waiting = journal.record(second, intended()).subscribe();
    const third = journal.record(aPlan({ index: 3 }), intended()).subscribe();
    // A refused request is sent again.
    await lastValueFrom(journal.record(first, intended()));
    expect(asked.map(({ index }) => index)).toEqual([1, 2, 1]);
    waiting.unsubscribe();
    third.unsubscribe();
  });

  it('asks no more without a waiting subscriber, and withdraws late grants', async () => {
    const answer = new Subject<Admission>();
    const { journal, asked, noted, released } = aJournal({ begin: () => answer });
    const recording = journal.record(first, intended()).subscribe();
    const behind = journal.record(second, intended()).subscribe();
    await settled();
    recording.unsubscribe();
    behind.unsubscribe();
    answer.next(granted);
    answer.complete();
    await settled();
    expect(asked.map(({ index }) => index)).toEqual([1]);
    expect(noted).toMatchObject([{ index: 1, seq: 2, job: { state: 'ended', open_micro_usd: null } }]);
    expect(released).toEqual([[1, 1]]);
    expect([...journal.openIndexes()]).toEqual([]);
  });

  it('ends a wait at once when its last subscriber leaves', async () => {
    const { journal, asked } = aJournal({ begin: () => of(wait(60_000)) });
    const recording = journal.record(first, intended()).subscribe();
    await settled();
    recording.unsubscribe();
    await lastValueFrom(journal.record(first, outcome('skipped')));
    expect(asked).toHaveLength(1);
  });

  it('writes the entries of a job one after the other, also after an unsubscribe', async () => {
    const writing = new Subject<'noted'>();
    let isFirst = true;
    const { journal, noted } = aJournal({
      note: () => {
        if (!isFirst) return of('noted');
        isFirst = false;
        return writing;
      },
    });
    journal.record(first, created()).subscribe().unsubscribe();
    const last = lastValueFrom(journal.record(first, ended(10)));
    await lastValueFrom(journal.record(second, created('p2')));
    expect(noted.map(({ index, seq }) => [index, seq])).toEqual([
      [1, 1],
      [2, 1],
    ]);
    writing.next('noted');
    writing.complete();
    await last;
    expect(noted.at(-1)).toMatchObject({ index: 1, seq: 2, job: { state: 'ended', paid_micro_usd: 10 } });
    expect(journal.find(1)).toMatchObject({ state: 'ended', costMicroUsd: 10 });
  });

  it('continues a job after an entry that was refused', async () => {
    const { journal } = aJournal({ note: ({ claim }) => of(claim === 'theirs' ? 'claimed' : 'noted') });
    await lastValueFrom(journal.record(first, intended()));
    const taken = expect.objectContaining({ code: 'ERR_PREDICTION_TAKEN', tookEffect: 'unknown' });
    await expect(lastValueFrom(journal.record(first, created('theirs')))).rejects.toEqual(taken);
    await lastValueFrom(journal.record(first, created('mine')));
    expect(journal.find(1)).toMatchObject({ state: 'created', predictionId: 'mine' });
  });

  it.each<[Admission, object]>([
    [{ verdict: 'budget' }, { code: 'ERR_OVER_BUDGET' }],
    [
      { verdict: 'paused', reason: 'no credit' },
      { code: 'ERR_RUN_PAUSED', stopsRun: true },
    ],
  ])('emits an error for the verdict %o', async (verdict, error) => {
    const { journal } = aJournal({ begin: () => of(verdict) });
    await expect(lastValueFrom(journal.record(first, intended()))).rejects.toMatchObject(error);
    expect(journal.find(1)).toBeUndefined();
  });

  it('refuses another plan for a job', async () => {
    const { journal } = aJournal({});
    await lastValueFrom(journal.record(first, intended()));
    const changed = lastValueFrom(journal.record({ ...first, key: 'another' }, intended(2)));
    await expect(changed).rejects.toMatchObject({ code: 'ERR_USAGE' });
  });
});

describeFleet('createPartJournal over a database', () => {
  let database: Awaited<ReturnType<typeof fleetDatabase>>;
  beforeAll(async () => {
    database = await fleetDatabase(4);
  });
  afterAll(() => database?.close());

  it('waits for a slot until another job frees one', async () => {
    const plans = [0, 1].map((index) => aPlan({ index, key: `key ${index}` }));
    const [first = aPlan(), second = aPlan()] = plans;
    const { journal } = await aWorker(database, await aRun(database, [plans], { slots: 1 }));
    await lastValueFrom(journal.record(first, intended()));
    let isGranted = false;
    const waiting = lastValueFrom(journal.record(second, intended())).then(() => {
      isGranted = true;
    });
    await lastValueFrom(journal.record(first, created('slow')));
    expect(isGranted).toBe(false);
    await lastValueFrom(journal.release(0));
    await waiting;
    expect(journal.find(1)).toMatchObject({ state: 'intended' });
  });

  it('asks again when its connections are cut, and books nothing twice', async () => {
    const plan = aPlan();
    const run = await aRun(database, [[plan]]);
    const { journal } = await aWorker(database, run);
    const cut = () =>
      database
        .query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid()`)
        .catch(() => {});
    for (const attempt of [1, 2, 3, 4]) {
      const recorded = lastValueFrom(journal.record(plan, intended(attempt)));
      await Promise.all([recorded, cut()]);
      await Promise.all([lastValueFrom(journal.record(plan, ended(100, attempt))), cut()]);
    }
    const [row] = await database.query(
      'SELECT reserved_micro_usd, spent_micro_usd FROM rx.run WHERE id = $1',
      [run],
    );
    expect(row).toEqual({ reserved_micro_usd: '0', spent_micro_usd: '400' });
    expect(journal.spentMicroUsd()).toBe(400);
  });

  it('emits an error that ends the part once another worker has it', async () => {
    const plan = aPlan();
    const run = await aRun(database, [[plan]]);
    const { journal } = await aWorker(database, run);
    await aWorker(database, run);
    const fenced = firstValueFrom(journal.record(plan, intended()));
    await expect(fenced).rejects.toThrow(StorageError);
    await expect(fenced).rejects.toMatchObject({ code: 'ERR_FENCED' });
  });
});
