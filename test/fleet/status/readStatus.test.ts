import { lastValueFrom } from 'rxjs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRunCalls } from '../../../src/fleet/database/runCalls.ts';
import { readStatus } from '../../../src/fleet/status/readStatus.ts';
import type { Plan } from '../../../src/types.ts';
import { aPlan, created, intended, outcome } from '../../helpers/aPlan.ts';
import { describeFleet } from '../../helpers/describeFleet.ts';
import { aRun, aWorker } from '../../helpers/fleet.ts';
import { fleetDatabase } from '../../helpers/postgres.ts';

const plansFrom = (first: number, count: number): Plan[] =>
  Array.from({ length: count }, (_, index) => aPlan({ index: first + index, key: `key ${first + index}` }));

describeFleet('readStatus', () => {
  let database: Awaited<ReturnType<typeof fleetDatabase>>;
  beforeAll(async () => {
    database = await fleetDatabase(4);
  });
  afterAll(() => database?.close());
  const ask = (sql: string, values: readonly unknown[] = []) => database.query(sql, values);

  it('is empty before there is a run', async () => {
    const { atMs, ...status } = await readStatus(database);
    expect(Math.abs(atMs - Date.now())).toBeLessThan(60_000);
    expect(status).toEqual({ account: null, runs: [], workers: [], stuck: [] });
  });

  it('counts a run, its money and slots, and its workers', async () => {
    const parts = [plansFrom(0, 3), plansFrom(3, 2), plansFrom(5, 2)];
    const run = await aRun(database, parts, {
      slots: 4,
      perMinute: 600,
      burst: 10,
      limitMicroUsd: 1_000_000,
    });
    const { journal, taken } = await aWorker(database, run);
    const [[first = aPlan(), second = aPlan(), third = aPlan()] = []] = parts;
    await lastValueFrom(journal.record(first, intended()));
    await lastValueFrom(journal.record(first, created('one')));
    await lastValueFrom(journal.release(0));
    await lastValueFrom(journal.record(first, outcome('saved')));
    await lastValueFrom(journal.record(second, intended()));
    await lastValueFrom(journal.record(second, created('two')));
    await lastValueFrom(journal.record(third, outcome('failed')));
    const ended = await aWorker(database, run, { part: 1 });
    const counts = JSON.stringify({ saved: 1, failed: 0, skipped: 1 });
    await ask('SELECT rx_v1.finish($1, 1, $2, $3, $4)', [run, ended.taken.epoch, counts, Buffer.from('x')]);
    const { account, runs, workers, stuck } = await readStatus(database);
    expect(account).toEqual({
      slots: 4,
      inFlight: 1,
      perMinute: 600,
      pacePerMinute: 600,
      madeLastMinute: 2,
      closedUntilMs: null,
    });
    expect(runs).toMatchObject([
      {
        run,
        state: 'running',
        total: 7,
        saved: 2,
        failed: 1,
        skipped: 1,
        inFlight: 1,
        madeLastMinute: 2,
        partsWaiting: 1,
        partsTaken: 1,
        limitMicroUsd: 1_000_000,
      },
    ]);
    expect(runs[0]?.reservedMicroUsd).toBeGreaterThan(0);
    expect(workers).toMatchObject([{ name: 'test', parts: 1, isLive: null, heardAtMs: null, cpu: null }]);
    expect(stuck).toEqual([]);
    await ask('SELECT rx_v1.give_back($1, $2, $3, $4)', [run, 0, taken.epoch, 'parts']);
    expect(taken.part).toBe(0);
  });

  it('lists stuck jobs, parts and runs, the oldest first', async () => {
    const calls = createRunCalls(database);
    const run = await aRun(database, [plansFrom(0, 3), plansFrom(3, 1)]);
    const { journal } = await aWorker(database, run);
    await lastValueFrom(journal.record(aPlan({ index: 0, key: 'key 0' }), intended()));
    await lastValueFrom(journal.record(aPlan({ index: 1, key: 'key 1' }), intended()));
    await lastValueFrom(journal.record(aPlan({ index: 1, key: 'key 1' }), created('old')));
    await lastValueFrom(journal.record(aPlan({ index: 2, key: 'key 2' }), intended()));
    const setBack =
      'UPDATE rx.job SET intended_at = intended_at - $3::interval WHERE run = $1 AND job_index = $2';
    await ask(setBack, [run, 0, '50 minutes']);
    await ask(setBack, [run, 1, '46 minutes']);
    await ask(setBack, [run, 2, '44 minutes']);
    await ask(
      "UPDATE rx.part SET state = 'taken', deaths = 3, owner = 'b', taken_at = now() WHERE run = $1 AND part = 1",
      [run],
    );
    await lastValueFrom(calls.pause(run, 'no credit', null));
    expect((await readStatus(database)).stuck.map(({ sinceMs: _since, run: _run, ...one }) => one)).toEqual([
      { part: 0, job: 0, predictionId: null, owner: 'test', why: 'lost', detail: null },
      { part: 0, job: 1, predictionId: 'old', owner: 'test', why: 'output', detail: null },
      { part: null, job: null, predictionId: null, owner: null, why: 'paused', detail: 'no credit' },
      { part: 1, job: null, predictionId: null, owner: 'b', why: 'deaths', detail: '3' },
    ]);
    await lastValueFrom(calls.start(run));
    await ask("UPDATE rx.run SET state = 'loading', begun_at = now() - interval '11 minutes' WHERE id = $1", [
      run,
    ]);
    expect((await readStatus(database)).stuck.map(({ why }) => why)).toEqual([
      'lost',
      'output',
      'loading',
      'deaths',
    ]);
  });

  it('lists parts that workers leave to others, until one can work on them', async () => {
    const run = await aRun(database, [plansFrom(0, 3)]);
    const stuck = async () => (await readStatus(database)).stuck.filter((one) => one.run === run);
    const refuse = async (refusal: string | null) => {
      const { taken } = await aWorker(database, run);
      await ask('SELECT rx_v1.give_back($1, $2, $3, $4, $5)', [run, 0, taken.epoch, 'parts', refusal]);
    };
    await refuse('no credentials');
    await refuse('no credentials');
    expect(await stuck()).toEqual([]);
    await refuse('no such bucket');
    expect(await stuck()).toMatchObject([{ part: 0, job: null, why: 'refused', detail: 'no such bucket' }]);
    await refuse(null);
    expect(await stuck()).toEqual([]);
  });

  it('takes the data of workers from the engine', async () => {
    await ask('CREATE SCHEMA pgboss');
    await ask(`CREATE TABLE pgboss.instance (name text, supervise boolean, metrics jsonb, started_on timestamptz DEFAULT now(),
      heartbeat_on timestamptz, stopped_on timestamptz, heartbeat_seconds integer DEFAULT 30)`);
    const metrics = { cpu: 1.5, cpuLimit: 2, rss: 4e8, memoryLimit: 8e9, loopDelay: null };
    await ask(
      `INSERT INTO pgboss.instance (name, supervise, metrics, heartbeat_on, stopped_on) VALUES
        ('idle', true, $1, now(), NULL), ('test', true, NULL, now() - interval '91 seconds', NULL),
        ('gone', true, NULL, now(), now()), ('producer', false, NULL, now(), NULL)`,
      [JSON.stringify(metrics)],
    );
    const { workers } = await readStatus(database);
    expect(workers).toMatchObject([
      { name: 'b', parts: 1, isLive: null },
      {
        name: 'idle',
        parts: 0,
        isLive: true,
        cpu: 1.5,
        cpuLimit: 2,
        memoryBytes: 4e8,
        memoryLimitBytes: 8e9,
      },
      { name: 'test', parts: 1, isLive: false, cpu: null },
    ]);
    expect(workers[1]?.heardAtMs).toBeGreaterThan(0);
  });

  it('returns when the service accepts create requests again', async () => {
    await ask('SELECT rx_v1.told($1, NULL, 60000)', [Date.now()]);
    const { atMs, account } = await readStatus(database);
    expect(account?.closedUntilMs).toBeGreaterThan(atMs);
    expect(account?.pacePerMinute).toBeLessThan(account?.perMinute ?? 0);
  });

  it('reports that a database has no fleet', async () => {
    const elsewhere: typeof database.transaction = (work) =>
      database.transaction((query) =>
        work((sql, values) => query(sql.replaceAll('rx.account', 'rx.nothing'), values)),
      );
    await expect(readStatus({ transaction: elsewhere })).rejects.toMatchObject({
      code: 'ERR_USAGE',
      suggestion: expect.stringContaining('Start a run'),
    });
  });
});
