import fc from 'fast-check';
import { lastValueFrom } from 'rxjs';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Database } from '../../src/fleet/database/connection.ts';
import type { Admission, Asking } from '../../src/fleet/database/partCalls.ts';
import { createRunCalls } from '../../src/fleet/database/runCalls.ts';
import { aPlan } from '../helpers/aPlan.ts';
import { describeFleet } from '../helpers/describeFleet.ts';
import { aRun, aWorker, type Worker } from '../helpers/fleet.ts';
import { fleetDatabase } from '../helpers/postgres.ts';

describeFleet('the admission of create requests', () => {
  let database: Database;
  beforeAll(async () => {
    database = await fleetDatabase(12);
  });
  afterAll(() => database?.close());
  beforeEach(() => database.query('DELETE FROM rx.account; DELETE FROM rx.run; DELETE FROM rx.flight'));

  const number = async (sql: string): Promise<number> => {
    const [row = {}] = await database.query(`SELECT (${sql})::double precision AS number`);
    return Number(row.number);
  };
  const asking = (index: number, fields: Partial<Asking> = {}): Asking => ({
    index,
    seq: 1,
    attempt: 1,
    key: `key ${index}`,
    priceMicroUsd: 3_000,
    request: null,
    cancelAfterMs: null,
    holdMs: 60_000,
    ...fields,
  });
  const begin = ({ calls }: Worker, index: number, fields: Partial<Asking> = {}): Promise<Admission> =>
    lastValueFrom(calls.begin(asking(index, fields)));
  const note = ({ calls }: Worker, index: number, seq: number, row: object, freesSlot = true) => {
    const job = { key: `key ${index}`, state: 'ended', attempts: 1, files: '[]', cost_micro_usd: 0, ...row };
    return lastValueFrom(calls.note({ index, seq, job, claim: null, freesSlot }));
  };
  /** The pace grows by 60 a minute, so a test that takes long sees a little more. */
  const pace = () => number('SELECT pace FROM rx.account');
  const isWithin = (least: number, most: number) => (value: number) => value >= least && value <= most;
  const waitMsOf = (admission: Admission) => (admission.verdict === 'wait' ? admission.waitMs : Number.NaN);
  const parts = [[aPlan()], [aPlan({ index: 100 })], [aPlan({ index: 200 })]];
  const verdicts = (admissions: readonly Admission[]) => admissions.map(({ verdict }) => verdict);

  it('reserves no more than the budget, and gives no more slots than there are, to any number at once', async () => {
    const price = fc.integer({ min: 0, max: 5_000 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(price, { minLength: 5, maxLength: 40 }),
        fc.integer({ min: 0, max: 60_000 }),
        fc.integer({ min: 1, max: 12 }),
        async (prices, limitMicroUsd, slots) => {
          const run = await aRun(database, parts, { limitMicroUsd, slots });
          const workers = await Promise.all([0, 1, 2].map((part) => aWorker(database, run, { part })));
          const money: number[] = [];
          await Promise.all(
            prices.map(async (priceMicroUsd, index) => {
              const worker = workers[index % 3];
              if (worker === undefined) return;
              // Asked twice at once, as if the first response was lost.
              const twice = [1, 2].map(() => begin(worker, index, { priceMicroUsd }));
              const [first, second] = await Promise.all(twice);
              if (first?.verdict !== 'granted' && second?.verdict !== 'granted') return;
              money.push(priceMicroUsd);
              // Some end at a lower cost and free their slot, others stay in flight.
              const paid = Math.floor(priceMicroUsd / 2);
              if (index % 2 === 0) await note(worker, index, 2, { paid_micro_usd: paid });
            }),
          );
          const used = await number(
            `SELECT reserved_micro_usd + spent_micro_usd FROM rx.run WHERE id = ${run}`,
          );
          expect(used).toBeLessThanOrEqual(limitMicroUsd);
          expect(await number('SELECT count(*) FROM rx.flight')).toBeLessThanOrEqual(slots);
          expect(
            await number(
              `SELECT coalesce(sum(coalesce(open_micro_usd, 0) + paid_micro_usd), 0) FROM rx.job WHERE run = ${run}`,
            ),
          ).toBe(used);
          await database.query('DELETE FROM rx.flight');
        },
      ),
      { numRuns: 12 },
    );
  });

  it('grants no more in any window than the pace allows, to any number at once', async () => {
    const [perMinute, burst] = [6_000, 20];
    const run = await aRun(database, parts, { perMinute, burst });
    const workers = await Promise.all([0, 1, 2].map((part) => aWorker(database, run, { part })));
    const granted: number[] = [];
    let next = 0;
    const client = async (worker: Worker) => {
      while (granted.length < 70) {
        next += 1;
        const admission = await begin(worker, next);
        if (admission.verdict === 'granted') granted.push(admission.atMs);
        else expect(admission).toMatchObject({ verdict: 'wait', reason: 'rate' });
      }
    };
    await Promise.all(workers.flatMap((worker) => [client(worker), client(worker), client(worker)]));
    granted.sort((one, other) => one - other);
    const perMs = (perMinute - (burst - 1)) / 60_000;
    for (const [first, fromMs] of granted.entries()) {
      for (const [last, toMs] of granted.entries()) {
        // Moments are exact to the microsecond.
        if (last >= first)
          expect(last - first + 1).toBeLessThanOrEqual(burst + perMs * (toMs - fromMs) + 0.01);
      }
    }
  });

  it('returns the wait for a token, and the reason of a wait', async () => {
    const run = await aRun(database, parts, { perMinute: 60, burst: 1, slots: 2 });
    const worker = await aWorker(database, run);
    expect(await begin(worker, 0)).toMatchObject({ verdict: 'granted' });
    const second = await begin(worker, 1);
    expect(second).toMatchObject({ verdict: 'wait', reason: 'rate' });
    expect(waitMsOf(second)).toSatisfy(isWithin(0, 1_000));
    await aRun(database, parts, { perMinute: 1e9, burst: 1e8, slots: 1 });
    expect(await begin(worker, 1)).toMatchObject({ verdict: 'wait', reason: 'slots' });
  });

  it('lets a job that has a slot and money take only a token, even if no slot is free', async () => {
    const run = await aRun(database, parts, { slots: 1, limitMicroUsd: 3_000 });
    const worker = await aWorker(database, run);
    expect(await begin(worker, 0)).toMatchObject({ verdict: 'granted' });
    expect(await begin(worker, 1)).toMatchObject({ verdict: 'budget' });
    expect(await begin(worker, 1, { priceMicroUsd: 0 })).toMatchObject({ verdict: 'wait', reason: 'slots' });
    // A refused request is sent again; the next owner of its part may send it, too.
    expect(await begin(worker, 0, { seq: 2 })).toMatchObject({ verdict: 'granted' });
    const other = await aWorker(database, run, { afterDeath: true });
    expect(await begin(other, 0, { seq: 3 })).toMatchObject({ verdict: 'granted' });
    expect(await number('SELECT count(*) FROM rx.flight')).toBe(1);
    expect(await number(`SELECT reserved_micro_usd FROM rx.run WHERE id = ${run}`)).toBe(3_000);
  });

  it('reserves the price of another model in place of the first', async () => {
    const run = await aRun(database, parts, { limitMicroUsd: 5_000 });
    const worker = await aWorker(database, run);
    const reserved = () => number(`SELECT reserved_micro_usd FROM rx.run WHERE id = ${run}`);
    await begin(worker, 0);
    expect(await begin(worker, 0, { seq: 2, priceMicroUsd: 5_000 })).toMatchObject({ verdict: 'granted' });
    expect(await reserved()).toBe(5_000);
    expect(await begin(worker, 0, { seq: 3, priceMicroUsd: 5_001 })).toMatchObject({ verdict: 'budget' });
    expect(await begin(worker, 0, { seq: 3, priceMicroUsd: 10 })).toMatchObject({ verdict: 'granted' });
    expect(await reserved()).toBe(10);
  });

  it('admits nothing of unknown price under a budget, and nothing of a paused run', async () => {
    const run = await aRun(database, parts, { limitMicroUsd: 5_000 });
    const worker = await aWorker(database, run);
    expect(await begin(worker, 0, { priceMicroUsd: null })).toEqual({ verdict: 'budget' });
    await database.query("SELECT rx_v1.pause($1, 'no credit')", [run]);
    expect(await begin(worker, 0)).toEqual({ verdict: 'paused', reason: 'no credit' });
    await database.query('SELECT rx_v1.start($1)', [run]);
    expect(await begin(worker, 0)).toMatchObject({ verdict: 'granted' });
    const free = await aWorker(database, await aRun(database, parts));
    expect(await begin(free, 0, { priceMicroUsd: null })).toMatchObject({ verdict: 'granted' });
  });

  it('frees a slot whose prediction has certainly ended', async () => {
    const run = await aRun(database, parts, { slots: 1 });
    const worker = await aWorker(database, run);
    await begin(worker, 0, { holdMs: 0 });
    await expect.poll(() => begin(worker, 1)).toMatchObject({ verdict: 'granted' });
    await lastValueFrom(worker.calls.release(1, 1));
    expect(await begin(worker, 2)).toMatchObject({ verdict: 'granted' });
    // That of an earlier attempt frees nothing.
    await lastValueFrom(worker.calls.release(2, 7));
    expect(verdicts([await begin(worker, 3)])).toEqual(['wait']);
  });

  it('does not wait for the disk when it frees a slot, since a slot that is lost frees itself', async () => {
    const flush = await database.transaction(async (query) => {
      await query('SET LOCAL synchronous_commit = on');
      await query('SELECT rx_v1.release(1, 1, 1)');
      return query('SHOW synchronous_commit');
    });
    expect(flush).toEqual([{ synchronous_commit: 'off' }]);
  });

  it('closes as long as the service asks, halves the pace once a closure and lets it grow back', async () => {
    const run = await aRun(database, parts, { perMinute: 600, burst: 10 });
    const worker = await aWorker(database, run);
    const told = (atMs: number, remaining: number | null, waitMs: number | null) =>
      database.query('SELECT rx_v1.told($1, $2, $3)', [atMs, remaining, waitMs]);
    const atMs = async (index: number) => {
      const admission = await begin(worker, index);
      return admission.verdict === 'granted' ? admission.atMs : Number.NaN;
    };
    const [first, second] = [await atMs(0), await atMs(1)];
    await told(first, null, 60_000);
    expect(await pace()).toSatisfy(isWithin(300, 360));
    // The same refusal again, and one of a request that was in flight when the service closed.
    await told(first, null, 60_000);
    await told(second, null, 1_000);
    expect(await pace()).toSatisfy(isWithin(300, 360));
    const closed = await begin(worker, 2);
    expect(closed).toMatchObject({ verdict: 'wait', reason: 'closed' });
    expect(waitMsOf(closed)).toSatisfy(isWithin(0, 60_000));
    await database.query(
      "UPDATE rx.account SET closed_until = clock_timestamp() - interval '1 s', counted_at = counted_at - interval '1 min'",
    );
    const third = await atMs(2);
    expect(await pace()).toSatisfy(isWithin(360, 420));
    await told(third, null, 1_000);
    expect(await pace()).toSatisfy(isWithin(180, 240));
    await told(third, 0, null);
    expect(await number('SELECT tokens FROM rx.account')).toBe(0);
  });

  it('raises the pace with its limit, unless refusals have lowered it', async () => {
    const calls = createRunCalls(database);
    const set = (perMinute: number, given: object = {}) =>
      lastValueFrom(calls.setAccount({ perMinute, burst: 10, slots: 5, ...given }));
    await set(600);
    await set(3_000);
    expect(await pace()).toBe(3_000);
    await database.query('UPDATE rx.account SET pace = 300');
    await set(6_000);
    expect(await pace()).toBe(300);
    await set(60);
    expect(await pace()).toBe(60);
    // A default changes nothing that is there.
    await set(600, { slots: 50, hasRate: false, hasSlots: false });
    expect(await database.query('SELECT per_minute, burst, slots FROM rx.account')).toEqual([
      { per_minute: 60, burst: 10, slots: 5 },
    ]);
  });

  it('keeps the budget of a run that is opened without one', async () => {
    const calls = createRunCalls(database);
    const named = { name: 'kept', fingerprint: 'f', settings: {}, planFormat: 1, total: 1 };
    const { run } = await lastValueFrom(calls.open({ ...named, limitMicroUsd: 5_000 }));
    await lastValueFrom(calls.open({ ...named, limitMicroUsd: null }));
    const limit = () => number(`SELECT limit_micro_usd FROM rx.run WHERE id = ${run}`);
    expect(await limit()).toBe(5_000);
    await lastValueFrom(calls.open({ ...named, limitMicroUsd: 9_000 }));
    expect(await limit()).toBe(9_000);
  });

  it('and the release of a slot that has expired do not wait for each other', async () => {
    const run = await aRun(database, parts);
    const worker = await aWorker(database, run);
    await begin(worker, 0, { holdMs: 0 });
    let noting: Promise<unknown> = Promise.resolve();
    let asked: Promise<readonly object[]> = Promise.resolve([]);
    const waiting = async (count: number) => {
      const locks = 'SELECT FROM pg_locks WHERE NOT granted';
      await expect.poll(async () => (await database.query(locks)).length).toBe(count);
    };
    await database.transaction(async (query) => {
      await query('SELECT FROM rx.run WHERE id = $1 FOR UPDATE', [run]);
      // Without the repetition of calls, which would hide a deadlock.
      const values = [run, 0, worker.taken.epoch, 1, 1, 1, 'key 1', 3_000, null, null, 60_000];
      asked = database.query(
        'SELECT * FROM rx_v1.begin($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)',
        values,
      );
      await waiting(1);
      noting = note(worker, 0, 2, { paid_micro_usd: 500 });
      await waiting(2);
    });
    expect(await asked).toMatchObject([{ verdict: 'granted' }]);
    await noting;
    expect(await number('SELECT count(*) FROM rx.flight')).toBe(1);
  });

  it('leaves no webhook of a part that is done, and none of a run that is forgotten', async () => {
    const run = await aRun(database, parts);
    const hear = async (worker: Worker, index: number, id: string) => {
      await begin(worker, index);
      await lastValueFrom(worker.calls.claim(index, 1, id));
      await note(worker, index, 2, { prediction_id: id, state: 'created', paid_micro_usd: 0 }, false);
      await database.query('SELECT rx_v1.hear($1, $2)', [id, '{"input":{"prompt":"a secret plan"}}']);
    };
    const done = await aWorker(database, run);
    await hear(done, 0, 'done');
    await hear(await aWorker(database, run, { part: 1 }), 100, 'open');
    const heard = () => database.query('SELECT prediction_id FROM rx.webhook');
    const { epoch } = done.taken;
    await database.query('SELECT rx_v1.finish($1, $2, $3, $4, $5)', [run, 0, epoch, {}, Buffer.from('')]);
    expect(await heard()).toEqual([{ prediction_id: 'open' }]);
    await database.query('SELECT rx_v1.forget($1)', [run]);
    expect(await heard()).toEqual([]);
  });

  it('has triggers behind the functions: no reservation above the budget, no slot above the number', async () => {
    const run = await aRun(database, parts, { slots: 1, limitMicroUsd: 100 });
    const reserve = database.query('UPDATE rx.run SET reserved_micro_usd = 101 WHERE id = $1', [run]);
    await expect(reserve).rejects.toMatchObject({ code: 'RXG01' });
    const slot = (index: number) =>
      database.query(`INSERT INTO rx.flight VALUES (${run}, ${index}, 1, now(), now())`);
    await slot(1);
    await expect(slot(2)).rejects.toMatchObject({ code: 'RXG02' });
  });
});
