import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Database, expectDurable, openDatabase } from '../../../src/fleet/database/connection.ts';
import { migrate } from '../../../src/fleet/database/migrate.ts';
import { describeFleet } from '../../helpers/describeFleet.ts';
import { newDatabase } from '../../helpers/postgres.ts';

describeFleet('migrate', () => {
  let url: string;
  const open: Database[] = [];
  const opened = async (address = url) => {
    const database = await openDatabase({ url: address, connections: 2 });
    open.push(database);
    return database;
  };
  beforeAll(async () => {
    url = await newDatabase();
  });
  afterAll(async () => {
    await Promise.all(open.map((database) => database.close()));
  });

  it('makes the tables once, however many processes try at the same time', async () => {
    const databases = await Promise.all(Array.from({ length: 6 }, () => opened()));
    await Promise.all(databases.map(migrate));
    const [database] = databases;
    expect(await database?.query('SELECT version FROM rx.migration ORDER BY version')).toEqual([
      { version: 1 },
      { version: 2 },
      { version: 3 },
    ]);
  });

  it('refuses tables of a newer version', async () => {
    const database = await opened(await newDatabase());
    await migrate(database);
    await database.query('INSERT INTO rx.migration (version) VALUES (99)');
    await expect(migrate(database)).rejects.toThrow(
      'Expected tables of version 3 in the database, got version 99.',
    );
  });

  it('lets workers call their functions and read, and nothing else', async () => {
    const database = await opened();
    await migrate(database);
    const asWorker = (sql: string) =>
      database.transaction(async (query) => {
        await query('SET LOCAL ROLE rx_worker');
        return query(sql);
      });
    expect(await asWorker('SELECT count(*)::integer AS runs FROM rx.run')).toEqual([{ runs: 0 }]);
    expect(await asWorker('SELECT rx_v1.release(1, 1, 1)')).toHaveLength(1);
    const forbidden = expect.objectContaining({ code: '42501' });
    await expect(asWorker('UPDATE rx.run SET spent_micro_usd = 0')).rejects.toEqual(forbidden);
    await expect(asWorker('SELECT rx_v1.set_account(1, 1, 1)')).rejects.toEqual(forbidden);
    await expect(asWorker("SELECT rx_v1.claim_for(1, 1, 1, 'p')")).rejects.toEqual(forbidden);
  });

  it.each(['fsync', 'full_page_writes', 'synchronous_commit'])(
    'refuses a database with %s off',
    async (name) => {
      const database = await opened(await newDatabase());
      const { query } = database;
      const asOff = (sql: string) => query(sql.replaceAll(`current_setting('${name}')`, "'off'"));
      await expect(expectDurable(asOff, () => {})).rejects.toThrow(`The database has \`${name}\` off`);
    },
  );

  it('refuses to open a database whose commits are not flushed', async () => {
    const unflushed = `${url}?options=${encodeURIComponent('-c synchronous_commit=off')}`;
    await expect(opened(unflushed)).rejects.toThrow('The database has `synchronous_commit` off');
  });

  it('refuses an invalid address, and names one that cannot be reached', async () => {
    await expect(opened('mysql://db/rxposure')).rejects.toThrow('Expected an address like postgres://');
    const nowhere = new URL(url);
    nowhere.port = '1';
    await expect(opened(nowhere.href)).rejects.toMatchObject({ code: 'ERR_DATABASE', recoverable: true });
  });
});
