import fc from 'fast-check';
import { firstValueFrom, lastValueFrom } from 'rxjs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createFleetClaims } from '../../src/fleet/fleetClaims.ts';
import { packPlans, unpackPlans } from '../../src/fleet/packedPlans.ts';
import { takePart } from '../../src/fleet/part/takePart.ts';
import { aFile, aPlan, aPrediction, created, ended, intended, outcome } from '../helpers/aPlan.ts';
import { describeFleet } from '../helpers/describeFleet.ts';
import { aRun, aWorker, type Worker } from '../helpers/fleet.ts';
import { fleetDatabase } from '../helpers/postgres.ts';

const fenced = expect.objectContaining({ code: 'ERR_FENCED' });

it('packs whole plans, and reads them again', () => {
  const texts = fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 25 });
  fc.assert(
    fc.property(texts, (prompts) => {
      const plans = prompts.map((prompt, index) =>
        aPlan({ index, prompt, input: { prompt }, tags: { prompt } }),
      );
      expect(unpackPlans(packPlans(plans))).toEqual(plans);
    }),
    { numRuns: 50 },
  );
});

it('reads no plans that are damaged', () => {
  const packed = packPlans([aPlan()]);
  const damaged = expect.objectContaining({ code: 'ERR_DAMAGED_PART' });
  expect(() => unpackPlans(packed.subarray(0, -9))).toThrow(damaged);
});

describeFleet('the parts of a run', () => {
  let database: Awaited<ReturnType<typeof fleetDatabase>>;
  beforeAll(async () => {
    database = await fleetDatabase(12);
  });
  afterAll(() => database?.close());

  const plans = [0, 1, 2].map((index) => aPlan({ index, key: `key ${index}` }));
  const [plan = aPlan(), second = aPlan()] = plans;
  const record = async ({ journal }: Worker, ...entries: Parameters<Worker['journal']['record']>[1][]) => {
    for (const entry of entries) await lastValueFrom(journal.record(plan, entry));
  };
  const finish = ({ taken }: Worker, outcomes = 'outcomes') =>
    database.query('SELECT rx_v1.finish($1, $2, $3, $4, $5)', [
      ...[taken.run, taken.part, taken.epoch, { saved: 1 }, Buffer.from(outcomes)],
    ]);
  const giveBack = ({ taken: { run, part, epoch } }: Worker) =>
    database.query('SELECT rx_v1.give_back($1, $2, $3, $4)', [run, part, epoch, 'parts']);
  const rowsOf = (table: string, run: number) =>
    database.query(`SELECT * FROM rx.${table} WHERE run = $1`, [run]);
  const money = async (run: number) => {
    const [row = {}] = await database.query('SELECT * FROM rx.run WHERE id = $1', [run]);
    return [Number(row.reserved_micro_usd), Number(row.spent_micro_usd)];
  };

  it('come with their plans, and with all that earlier owners have noted', async () => {
    const run = await aRun(database, [plans]);
    const first = await aWorker(database, run, { folder: '/first' });
    expect(first.taken).toMatchObject({ epoch: 1, deaths: 0, plans, jobs: [] });
    const atMs = Date.now();
    await record(first, { type: 'intended', attempt: 1, atMs }, created('mine'));
    await lastValueFrom(first.journal.record(second, { type: 'intended', attempt: 1, atMs }));
    await record(first, {
      type: 'downloaded',
      prediction: aPrediction({ id: 'mine' }),
      files: [aFile('/first/a/cat.png')],
    });
    await lastValueFrom(first.journal.release(plan.index));
    const next = await aWorker(database, run, { folder: '/next', afterDeath: true });
    expect(next.taken).toMatchObject({ epoch: 2, deaths: 1, plans });
    expect(next.journal.find(plan.index)).toMatchObject({
      state: 'downloaded',
      predictionId: 'mine',
      files: [aFile('/next/a/cat.png')],
    });
    // By this machine's clock, however far the database's is from it.
    const open = next.journal.find(second.index)?.intendedAtMs ?? 0;
    expect(Math.abs(open - atMs)).toBeLessThan(30_000);
    expect([...next.journal.openIndexes()].sort()).toEqual([0, 1]);
    expect(next.taken.jobs.map(({ hasSlot }) => hasSlot)).toEqual([false, true]);
    expect([...next.journal.knownPredictionIds()]).toEqual(['mine']);
  });

  it('are their latest owner’s: an earlier one is refused everything, and changes nothing', async () => {
    const run = await aRun(database, [plans]);
    const old = await aWorker(database, run);
    await record(old, intended());
    const now = await aWorker(database, run);
    const before = JSON.stringify([await rowsOf('job', run), await rowsOf('flight', run), await money(run)]);
    await expect(record(old, created('late'))).rejects.toEqual(fenced);
    await expect(record(old, intended(2))).rejects.toEqual(fenced);
    await expect(lastValueFrom(old.calls.claim(0, 1, 'late'))).rejects.toEqual(fenced);
    await expect(giveBack(old)).rejects.toMatchObject({ code: 'RXF01' });
    await expect(lastValueFrom(old.calls.expectOwn())).rejects.toEqual(fenced);
    await expect(finish(old)).rejects.toMatchObject({ code: 'RXF01' });
    expect(JSON.stringify([await rowsOf('job', run), await rowsOf('flight', run), await money(run)])).toBe(
      before,
    );
    await record(now, created('of the new owner'));
    expect(await rowsOf('prediction', run)).toHaveLength(1);
  });

  it('are taken over only after the transaction of their owner, and then with its changes', async () => {
    const run = await aRun(database, [plans]);
    const { taken } = await aWorker(database, run);
    const asked = { run, part: 0, owner: 'next', afterDeath: true, folder: '/run' };
    let isTaken = false;
    const next = await database.transaction(async (query) => {
      const values = [run, 0, taken.epoch, 0, 1, 1, 'key 0', 3_000, null, null, 60_000];
      await query('SELECT * FROM rx_v1.begin($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)', values);
      const taking = firstValueFrom(takePart(database, asked)).finally(() => {
        isTaken = true;
      });
      const waiting = () => database.query('SELECT FROM pg_locks WHERE NOT granted');
      await expect.poll(waiting).not.toEqual([]);
      expect(isTaken).toBe(false);
      return { taking };
    });
    expect((await next.taking)?.jobs).toMatchObject([
      { job: { record: { state: 'intended' } }, hasSlot: true },
    ]);
  });

  it('are given back, with the slots and money of their jobs', async () => {
    const run = await aRun(database, [plans]);
    const first = await aWorker(database, run);
    await record(first, intended());
    // A response may be lost.
    await giveBack(first);
    await giveBack(first);
    await expect(record(first, created('late'))).rejects.toEqual(fenced);
    const next = await aWorker(database, run);
    expect(next.taken.jobs).toMatchObject([{ hasSlot: true }]);
    await expect(giveBack(first)).rejects.toMatchObject({ code: 'RXF01' });
  });

  it('end with their outcomes; money of which nothing is known stays held, slots do not', async () => {
    const run = await aRun(database, [plans, [aPlan({ index: 3 })]], { limitMicroUsd: 100_000 });
    const first = await aWorker(database, run);
    await record(first, intended(), outcome('failed'));
    await lastValueFrom(first.journal.record(second, intended()));
    await lastValueFrom(first.journal.record(second, outcome('saved', { costUsd: 0.002 })));
    await finish(first);
    await finish(first);
    expect(await money(run)).toEqual([3_000, 2_000]);
    expect([await rowsOf('job', run), await rowsOf('flight', run)]).toEqual([[], []]);
    expect(
      await firstValueFrom(
        takePart(database, { run, part: 0, owner: 'x', afterDeath: false, folder: '/run' }),
      ),
    ).toBe(null);
    const state = async () =>
      (await database.query('SELECT state FROM rx.run WHERE id = $1', [run]))[0]?.state;
    expect(await state()).toBe('running');
    await finish(await aWorker(database, run, { part: 1 }));
    expect(await state()).toBe('done');
  });

  it('share the claims of the account: a prediction is one attempt’s', async () => {
    const [mine, theirs] = await Promise.all([
      aWorker(database, await aRun(database, [plans])),
      aWorker(database, await aRun(database, [plans])),
    ]);
    const [own, others] = [createFleetClaims(() => mine.calls), createFleetClaims(() => theirs.calls)];
    const take = (claims: typeof own, id: string, attempt = 1) =>
      firstValueFrom(claims.take(id, { index: 0, attempt }));
    const both = await Promise.all([take(own, 'shared'), take(others, 'shared')]);
    expect(both.filter(Boolean)).toHaveLength(1);
    expect([own.has('shared'), others.has('shared')]).toEqual([true, true]);
    // Asked again after the response was lost, by the present owner of the part.
    expect(
      await take(
        createFleetClaims(() => mine.calls),
        'again',
      ),
    ).toBe(true);
    expect(
      await take(
        createFleetClaims(() => mine.calls),
        'again',
      ),
    ).toBe(true);
    expect(
      await take(
        createFleetClaims(() => mine.calls),
        'again',
        2,
      ),
    ).toBe(false);
    // The journal notes the claim of its own, and none of another's.
    await record(mine, intended(), created('again'));
    await expect(record(theirs, intended(), created('again'))).rejects.toMatchObject({
      code: 'ERR_PREDICTION_TAKEN',
    });
    expect(theirs.journal.find(0)).toMatchObject({ state: 'intended', predictionId: null });
  });

  it('books every entry once, however often and late it comes', async () => {
    const steps = fc.array(fc.constantFrom('begin', 'created', 'failed', 'saved', 'refused'), {
      maxLength: 8,
    });
    const repeats = fc.array(fc.boolean(), { minLength: 64, maxLength: 64 });
    await fc.assert(
      fc.asyncProperty(steps, repeats, async (order, isRepeated) => {
        const states: string[] = [];
        for (const repeating of [false, true]) {
          await database.query('DELETE FROM rx.prediction');
          const run = await aRun(database, [plans], { limitMicroUsd: 1_000_000 });
          const sent: (() => Promise<unknown>)[] = [];
          let place = 0;
          /** Sends each call, and then some of those that were sent before again. */
          const query = async (sql: string, values: readonly unknown[] = []) => {
            const call = () => database.query(sql, values);
            const rows = await call();
            if (!repeating || sql.includes('take(')) return rows;
            sent.push(call);
            for (const again of sent) {
              place += 1;
              if (isRepeated[place % 64]) await again().catch((error) => expect(error.code).toBe('RXS01'));
            }
            return rows;
          };
          const worker = await aWorker({ ...database, query }, run);
          let attempt = 1;
          for (const step of order) {
            if (step === 'begin') await record(worker, intended(attempt));
            if (step === 'created') await record(worker, created(`p${attempt}`, attempt));
            if (step === 'refused') await record(worker, ended(0, attempt));
            if (step === 'saved') await record(worker, outcome('saved', { costUsd: 0.001 }));
            if (step === 'failed') {
              await record(worker, ended(1_000, attempt));
              attempt += 1;
            }
          }
          const job = await database.query(
            'SELECT state, attempts, prediction_id, cost_micro_usd, open_micro_usd, paid_micro_usd FROM rx.job WHERE run = $1',
            [run],
          );
          const flights = await database.query('SELECT attempt FROM rx.flight WHERE run = $1', [run]);
          const ids = await database.query(
            'SELECT id, attempt FROM rx.prediction WHERE run = $1 ORDER BY id',
            [run],
          );
          states.push(JSON.stringify([job, flights, ids, await money(run)]));
        }
        expect(states[1]).toBe(states[0]);
      }),
      { numRuns: 15 },
    );
  });
});
