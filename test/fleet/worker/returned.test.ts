import { lastValueFrom } from 'rxjs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Database } from '../../../src/fleet/database/connection.ts';
import { createRunCalls } from '../../../src/fleet/database/runCalls.ts';
import { type Engine, type HeldTask, openEngine } from '../../../src/fleet/engine/engine.ts';
import type { QueueName } from '../../../src/fleet/engine/tasks.ts';
import { type TakenPart, takePart } from '../../../src/fleet/part/takePart.ts';
import { loadRun } from '../../../src/fleet/producer/loadRun.ts';
import type { StoredSettings } from '../../../src/fleet/storedSettings.ts';
import { createPartEnds, type PartEnds } from '../../../src/fleet/worker/endPart.ts';
import { aPlan } from '../../helpers/aPlan.ts';
import { describeFleet } from '../../helpers/describeFleet.ts';
import { fleetDatabase } from '../../helpers/postgres.ts';

describeFleet('a part that is given back', () => {
  let database: Awaited<ReturnType<typeof fleetDatabase>>;
  let engine: Engine;
  let ends: PartEnds;
  beforeAll(async () => {
    database = await fleetDatabase();
    engine = await openEngine(database, { url: database.url, name: 'test' });
    ends = createPartEnds(database, engine);
  });
  afterAll(async () => {
    await engine?.close();
    await database?.close();
  });

  let runs = 0;
  /** Opens a run of one part; returns its command, which may be given again. */
  const aCommand = (over: Database = database) => {
    runs += 1;
    const name = `run ${runs}`;
    return () =>
      loadRun(over, engine, {
        ...{ name, fingerprint: 'f', settings: {} as StoredSettings, limitMicroUsd: null, total: 1 },
        account: { perMinute: 600, burst: 10, slots: 10 },
        plans: async function* () {
          yield aPlan();
        },
      });
  };
  const take = async (
    queue: QueueName,
    over: Database = database,
  ): Promise<{ held: HeldTask; taken: TakenPart }> => {
    const held = await engine.take(queue);
    if (held === null) throw new Error(`Expected a task in ${queue}`);
    const asked = { ...held.task, owner: 'test', afterDeath: false, folder: '/run' };
    const taken = await lastValueFrom(takePart(over, { ...asked, claim: engine.claimOf(held) }));
    if (taken === null) throw new Error('Expected a part');
    return { held, taken };
  };
  const giveBack = ({ held, taken }: { held: HeldTask; taken: TakenPart }, queue: QueueName) =>
    lastValueFrom(ends.giveBack(held, taken, { queue }));
  const tasksOf = (run: number) =>
    database.query(
      `SELECT name, data->'isGivenBack' AS back FROM pgboss.job
        WHERE state < 'completed' AND data->>'run' = $1 ORDER BY name`,
      [String(run)],
    );

  it('has one task, however often the command is given meanwhile', async () => {
    const command = aCommand();
    const { run } = await command();
    await giveBack(await take('parts'), 'rescue');
    await command();
    expect(await tasksOf(run)).toEqual([{ name: 'rescue', back: true }]);
    await giveBack(await take('rescue'), 'parts');
    await command();
    expect(await tasksOf(run)).toEqual([{ name: 'parts', back: null }]);
    const { held, taken } = await take('parts');
    await lastValueFrom(ends.finish(held, taken, []));
  });

  it('has no task while its run is paused, and its own once the run continues', async () => {
    const command = aCommand();
    const { run } = await command();
    const first = await take('parts');
    await database.query("SELECT rx_v1.pause($1, 'no credit')", [run]);
    await giveBack(first, 'rescue');
    expect(await tasksOf(run)).toEqual([]);
    await command();
    expect(await tasksOf(run)).toEqual([{ name: 'rescue', back: true }]);
    const { held, taken } = await take('rescue');
    await lastValueFrom(ends.finish(held, taken, []));
  });

  it('has a task if its run continues before it comes back', async () => {
    const command = aCommand();
    const { run } = await command();
    const first = await take('parts');
    await database.query("SELECT rx_v1.pause($1, 'no credit')", [run]);
    await command();
    await giveBack(first, 'parts');
    expect(await tasksOf(run)).toEqual([{ name: 'parts', back: null }]);
    const { held, taken } = await take('parts');
    await lastValueFrom(ends.finish(held, taken, []));
  });

  it('does not pause its run again for a request from before that went on', async () => {
    const command = aCommand();
    const { run } = await command();
    const { held, taken } = await take('parts');
    const calls = createRunCalls(database);
    const pause = (sinceMs: number) => lastValueFrom(calls.pause(run, 'no credit', sinceMs));
    expect(await pause(taken.takenAtMs)).toBe(true);
    await command();
    expect(await pause(taken.takenAtMs)).toBe(false);
    const [row = {}] = await database.query('SELECT rx_v1.epoch_ms(clock_timestamp()) AS now_ms');
    expect(await pause(Number(row.now_ms))).toBe(true);
    await command();
    await lastValueFrom(ends.finish(held, taken, []));
  });

  it('is not taken by a worker whose task has passed to another', async () => {
    const { run } = await aCommand()();
    const held = await engine.take('parts');
    if (held === null) throw new Error('Expected a task');
    const asked = { ...held.task, owner: 'test', afterDeath: true, folder: '/run' };
    const claim = engine.claimOf(held);
    const late = { ...asked, claim: engine.claimOf({ ...held, retryCount: held.retryCount + 1 }) };
    const fenced = expect.objectContaining({ code: 'ERR_FENCED' });
    await expect(lastValueFrom(takePart(database, late))).rejects.toEqual(fenced);
    const taken = await lastValueFrom(takePart(database, { ...asked, claim }));
    // Its response was lost: one death is one.
    expect(await lastValueFrom(takePart(database, { ...asked, claim }))).toMatchObject({
      ...{ epoch: taken?.epoch, deaths: 1, plans: taken?.plans },
    });
    await database.transaction((query) => engine.complete(held, query));
    await expect(lastValueFrom(takePart(database, { ...asked, claim }))).rejects.toEqual(fenced);
    await database.query('SELECT rx_v1.forget($1)', [run]);
  });

  it('needs no more than the two roles', async () => {
    const as = (role: string): Database => ({
      ...database,
      query: (...asked) => as(role).transaction((query) => query(...asked)),
      transaction: (work) =>
        database.transaction(async (query) => {
          await query(`SET LOCAL ROLE ${role}`);
          return work(query);
        }),
    });
    const command = aCommand(as('rx_producer'));
    const { run } = await command();
    const worker = as('rx_worker');
    const first = await take('parts', worker);
    await lastValueFrom(
      createPartEnds(worker, engine).giveBack(first.held, first.taken, { queue: 'rescue' }),
    );
    expect(await lastValueFrom(createRunCalls(worker).pause(run, 'no credit', null))).toBe(true);
    await command();
    const { held, taken } = await take('rescue', worker);
    await lastValueFrom(createPartEnds(worker, engine).finish(held, taken, []));
    const calls = createRunCalls(as('rx_producer'));
    await lastValueFrom(calls.imported(run));
    await lastValueFrom(calls.forget(run));
    expect(await tasksOf(run)).toEqual([]);
  });

  it('and was lost to another task takes its own along; with none, it keeps it', async () => {
    const command = aCommand();
    const { run } = await command();
    const { held, taken } = await take('parts');
    await lastValueFrom(ends.drop(held, taken));
    expect(await tasksOf(run)).toHaveLength(1);
    await lastValueFrom(takePart(database, { ...held.task, owner: 'x', afterDeath: false, folder: '/' }));
    await lastValueFrom(ends.drop(held, taken));
    expect(await tasksOf(run)).toEqual([]);
  });
});
