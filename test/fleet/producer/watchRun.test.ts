import { concatMap, lastValueFrom, map, take, toArray } from 'rxjs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { watchRun } from '../../../src/fleet/producer/watchRun.ts';
import { describeFleet } from '../../helpers/describeFleet.ts';
import { aRun } from '../../helpers/fleet.ts';
import { fleetDatabase } from '../../helpers/postgres.ts';

describeFleet('watchRun', () => {
  let database: Awaited<ReturnType<typeof fleetDatabase>>;
  beforeAll(async () => {
    database = await fleetDatabase(2);
    await database.query('CREATE SCHEMA pgboss');
    await database.query(`CREATE TABLE pgboss.instance (name text, supervise boolean, metrics jsonb,
      started_on timestamptz DEFAULT now(), heartbeat_on timestamptz, stopped_on timestamptz, heartbeat_seconds integer)`);
  });
  afterAll(() => database?.close());
  const heard = (name: string, ago: string, stopped: string) =>
    database.query(`INSERT INTO pgboss.instance (name, supervise, heartbeat_on, stopped_on, heartbeat_seconds)
      VALUES ('${name}', ${name !== 'producer'}, clock_timestamp() - interval '${ago}', ${stopped}, 5)`);

  it('reports since when no worker is alive, but not while some may be starting', async () => {
    const run = await aRun(database);
    await heard('producer', '0 seconds', 'NULL');
    const silences = (count: number) =>
      lastValueFrom(
        watchRun(database, run, { everyMs: 2 }).pipe(
          map(({ silence, liveWorkers }) => ({ silence, liveWorkers })),
          take(count),
          toArray(),
        ),
      );
    const patient = { silence: null, liveWorkers: 0 };
    expect(await silences(2)).toEqual([patient, { silence: { minutes: null }, liveWorkers: 0 }]);
    await heard('killed', '250 seconds', 'NULL');
    await heard('stopped', '300 seconds', 'now()');
    expect(await silences(2)).toEqual([patient, { silence: { minutes: 4 }, liveWorkers: 0 }]);
    await heard('living', '10 seconds', 'NULL');
    expect(await silences(1)).toEqual([{ silence: null, liveWorkers: 1 }]);
  });

  it('reports no silence once the run waits for no worker any more', async () => {
    const run = await aRun(database);
    await database.query('DELETE FROM pgboss.instance');
    const seen = await lastValueFrom(
      watchRun(database, run, { everyMs: 2 }).pipe(
        concatMap(async ({ state, silence }) => {
          if (silence !== null) await database.query("UPDATE rx.run SET state = 'done' WHERE id = $1", [run]);
          return { state, silence };
        }),
        toArray(),
      ),
    );
    expect(seen).toEqual([
      { state: 'running', silence: null },
      { state: 'running', silence: { minutes: null } },
      { state: 'done', silence: null },
    ]);
  });

  it('ends at once with a run that has no jobs, and with an error if it is forgotten', async () => {
    const run = await aRun(database, []);
    expect(await lastValueFrom(watchRun(database, run))).toMatchObject({ state: 'done', total: 0 });
    await database.query('SELECT rx_v1.forget($1)', [run]);
    await expect(lastValueFrom(watchRun(database, run))).rejects.toThrow('The run was forgotten meanwhile');
  });
});
