import pg from 'pg';
import { expect, it } from 'vitest';
import { expectDurable, openDatabase } from '../../../src/fleet/database/connection.ts';
import { isTransient, toDatabaseError } from '../../../src/fleet/database/databaseErrors.ts';
import { describeFleet } from '../../helpers/describeFleet.ts';
import { newDatabase } from '../../helpers/postgres.ts';

describeFleet('openDatabase', () => {
  it('warns of a standby that the server does not wait for, and of no other', async () => {
    const url = await newDatabase();
    // As a standby connects.
    const standby = new pg.Client({ connectionString: url, replication: 'database' } as pg.ClientConfig);
    await standby.connect();
    const warned: string[] = [];
    const database = await openDatabase({ url, connections: 1, onWarning: (text) => warned.push(text) });
    expect(warned).toEqual([expect.stringContaining('a standby that it does not wait for')]);
    const warnedOf = async (from: string, to: string) => {
      let count = 0;
      const { query } = database;
      await expectDurable(
        (sql) => query(sql.replace(from, to)),
        () => {
          count += 1;
        },
      );
      return count;
    };
    const waits = "current_setting('synchronous_standby_names')";
    expect(await warnedOf(waits, "'ANY 1 (*)'")).toBe(0);
    expect(
      await warnedOf(`${waits} AS waits_for`, "'ANY 1 (*)' AS waits_for, 'local' AS synchronous_commit"),
    ).toBe(1);
    await standby.end();
    await database.close();
  });

  it('ends an idle transaction, so that others get its locks', async () => {
    const url = await newDatabase();
    const sleeper = await openDatabase({ url, connections: 1, stalledMs: 200 });
    const other = await openDatabase({ url, connections: 1 });
    await other.query('CREATE TABLE one AS SELECT 1 AS value');
    const [locked, woken] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const slept = sleeper.transaction(async (query) => {
      await query('UPDATE one SET value = 2');
      locked.resolve();
      await woken.promise;
      await query('UPDATE one SET value = value + 10');
    });
    const isEnded = expect(slept).rejects.toSatisfy(isTransient);
    await locked.promise;
    await other.query('UPDATE one SET value = value + 100');
    woken.resolve();
    await isEnded;
    expect(await other.query('SELECT value FROM one')).toEqual([{ value: 101 }]);
    expect(await sleeper.query('SELECT value FROM one')).toEqual([{ value: 101 }]);
    await sleeper.close();
    await other.close();
  });

  it('treats a silent connection as broken, and opens another', async () => {
    const url = await newDatabase();
    const database = await openDatabase({ url, connections: 1, longestMs: 200 });
    const slow = ['SELECT pg_sleep(2)', []] as const;
    await expect(database.query(...slow)).rejects.toSatisfy(isTransient);
    await expect(database.transaction((query) => query(...slow))).rejects.toSatisfy(isTransient);
    expect(await database.query('SELECT 1 AS one', [], 5_000)).toEqual([{ one: 1 }]);
    await database.close();
  });

  it('names the roles that a user without a permission needs', async () => {
    const database = await openDatabase({ url: await newDatabase(), connections: 1 });
    const refused = database.transaction(async (query) => {
      await query('CREATE ROLE stranger_of_test');
      await query('SET LOCAL ROLE stranger_of_test');
      await query('SELECT pg_read_file($1)', ['none']);
    });
    const error = toDatabaseError(await refused.catch((thrown: unknown) => thrown));
    expect(error).toMatchObject({ suggestion: expect.stringContaining('rx_producer') });
    await database.close();
  });

  it('suggests a correction of an address whose user or database is wrong', async () => {
    const url = new URL(await newDatabase());
    for (const change of [{ pathname: '/nothing_here' }, { username: 'nobody_here', password: 'wrong' }]) {
      const wrong = Object.assign(new URL(url), change);
      await expect(openDatabase({ url: String(wrong), connections: 1 })).rejects.toMatchObject({
        name: 'UsageError',
        message: expect.stringContaining('refuses the login with this address'),
        suggestion: expect.stringContaining('postgres://USER:PASSWORD@HOST/DATABASE'),
      });
    }
  });

  it('leaves a server without standbys alone', async () => {
    const query = async (sql: string) => {
      expect(sql).toContain('pg_stat_replication');
      return [
        {
          version: 17,
          fsync: 'on',
          full_page_writes: 'on',
          synchronous_commit: 'local',
          waits_for: '',
          standbys: 0,
        },
      ];
    };
    await expectDurable(query, (text) => expect.fail(text));
  });

  it('verifies the certificate of any host but this machine, however it is named', async () => {
    const url = new URL(await newDatabase());
    const noTls = expect.objectContaining({ message: expect.stringContaining('does not support SSL') });
    // Each of these is this machine, which has no certificate; a socket would need none.
    for (const host of ['0.0.0.0', '0']) {
      const named = new URL(url);
      named.searchParams.set('host', host);
      await expect(openDatabase({ url: named.href })).rejects.toEqual(noTls);
    }
    const direct = new URL(url);
    direct.hostname = '0.0.0.0';
    await expect(openDatabase({ url: direct.href })).rejects.toEqual(noTls);
    direct.searchParams.set('sslmode', 'disable');
    await (await openDatabase({ url: direct.href })).close();
    url.searchParams.set('host', 'localhost');
    await (await openDatabase({ url: url.href })).close();
  });
});
