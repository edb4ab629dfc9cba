import { concatMap, filter, firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { createFleetEvents, storeEvent } from '../../src/fleet/fleetEvents.ts';
import type { PredictionEvent } from '../../src/types.ts';
import { describeFleet } from '../helpers/describeFleet.ts';
import { aPrediction } from '../helpers/fakeProvider.ts';
import { fleetDatabase } from '../helpers/postgres.ts';

const anEvent = (id: string, fields: object = {}): PredictionEvent => ({
  prediction: aPrediction({ id, ...fields }),
  query: { job: '3' },
});

describeFleet('createFleetEvents', () => {
  let database: Awaited<ReturnType<typeof fleetDatabase>>;
  beforeAll(async () => {
    database = await fleetDatabase(4);
  });
  afterAll(() => database?.close());

  /** The events of a worker, and those emitted so far. */
  const aWorker = async (name: string) => {
    const seen: PredictionEvent[] = [];
    const events = createFleetEvents({ database, url: database.url, name, random: () => 0 });
    const subscription = events.subscribe((event) => seen.push(event));
    onTestFinished(() => subscription.unsubscribe());
    const listening = () =>
      database.query(
        "SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND query LIKE 'LISTEN%'",
        [name],
      );
    await expect.poll(listening).toHaveLength(1);
    return { seen, events, listening };
  };
  const ids = (seen: readonly PredictionEvent[]) => seen.map(({ prediction }) => prediction.id);

  it('brings each webhook to all workers, however long it is', async () => {
    const [one, other] = await Promise.all([aWorker('one'), aWorker('other')]);
    const long = anEvent('long', { output: `data:,${'x'.repeat(100_000)}` });
    await storeEvent(database, long);
    await storeEvent(database, anEvent('short'));
    for (const { seen } of [one, other]) await expect.poll(() => ids(seen)).toEqual(['long', 'short']);
    expect(one.seen[0]).toEqual(long);
  });

  it('brings a late subscriber the events of the last seconds, over the same connection', async () => {
    const { events, listening } = await aWorker('early');
    await storeEvent(database, anEvent('before'));
    const before = events.pipe(filter(({ prediction }) => prediction.id === 'before'));
    await firstValueFrom(before.pipe(concatMap(() => before)));
    expect(await listening()).toHaveLength(1);
  });

  it('connects again if its connection is cut, and reads missed events', async () => {
    const { seen, listening } = await aWorker('cut');
    await database.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cut'",
    );
    await storeEvent(database, anEvent('missed'));
    await expect.poll(() => ids(seen)).toContain('missed');
    await expect.poll(listening).toHaveLength(1);
    await storeEvent(database, anEvent('after'));
    await expect.poll(() => ids(seen)).toContain('after');
  });

  it('keeps one event of a prediction, the last, for ten minutes', async () => {
    await storeEvent(database, anEvent('twice', { status: 'processing' }));
    await storeEvent(database, anEvent('twice'));
    const rows = await database.query("SELECT event FROM rx.webhook WHERE prediction_id = 'twice'");
    expect(rows.map(({ event }) => JSON.parse(String(event)))).toEqual([anEvent('twice')]);
    await database.query("UPDATE rx.webhook SET received_at = now() - interval '11 minutes'");
    await storeEvent(database, anEvent('new'));
    expect(await database.query('SELECT prediction_id FROM rx.webhook')).toEqual([{ prediction_id: 'new' }]);
  });

  it('may be stored by the role of workers only', async () => {
    const as = (role: string) =>
      database.transaction(async (query) => {
        await query(`SET LOCAL ROLE ${role}`);
        await storeEvent({ query }, anEvent('role'));
      });
    await as('rx_worker');
    await database.query('CREATE ROLE rx_stranger');
    onTestFinished(() => database.query('DROP ROLE rx_stranger').then(() => {}));
    await expect(as('rx_stranger')).rejects.toMatchObject({ code: '42501' });
  });
});
