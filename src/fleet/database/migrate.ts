import { UsageError } from '../../errors.ts';
import { ADMISSION } from '../sql/admission.ts';
import { ENTRIES, WEBHOOKS } from '../sql/entries.ts';
import { PARTS } from '../sql/parts.ts';
import { ROLES } from '../sql/roles.ts';
import { RUNS } from '../sql/runs.ts';
import { GUARDS, TABLES } from '../sql/tables.ts';
import { VIEWS } from '../sql/views.ts';
import type { Database } from './connection.ts';
import { toDatabaseError } from './databaseErrors.ts';

/** `rxposure`, as a number: only one process at a time migrates a database. */
const LOCK = 0x72787073;
/** Longest wait for another process that migrates it. */
const LOCKED_MS = 600_000;

/**
 * The steps from an empty database to today's, the oldest first. Never change one that was
 * published: add the next. Functions that older workers call stay, in the schema of their version.
 */
const migrations: readonly string[] = [
  ['CREATE SCHEMA rx_v1;', TABLES, GUARDS, PARTS, ADMISSION, ENTRIES, RUNS, ROLES].join('\n'),
  VIEWS,
  WEBHOOKS,
];

/**
 * Makes the tables and functions of a fleet in a database, or brings them up to date; all or
 * nothing, and once, however many processes try. Rejects with `UsageError` if a newer version of
 * rxposure has made them, or the user may not.
 */
export async function migrate(database: Database): Promise<void> {
  try {
    if (await isCurrent(database)) return;
    await database.transaction(async (query) => {
      await query('SELECT pg_advisory_xact_lock($1)', [LOCK], LOCKED_MS);
      await query('CREATE SCHEMA IF NOT EXISTS rx');
      await query(`CREATE TABLE IF NOT EXISTS rx.migration (
        version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT clock_timestamp())`);
      const [{ version = 0 } = {}] = await query(
        'SELECT coalesce(max(version), 0) AS version FROM rx.migration',
      );
      if (Number(version) > migrations.length) throw tooNew(Number(version));
      for (const [place, sql] of migrations.entries()) {
        if (place < Number(version)) continue;
        await query(sql);
        await query('INSERT INTO rx.migration (version) VALUES ($1)', [place + 1]);
      }
    });
  } catch (error) {
    throw toDatabaseError(error);
  }
}

/** Returns true if nothing is to be done: then a role that may change no tables can work. */
async function isCurrent({ query }: Pick<Database, 'query'>): Promise<boolean> {
  const [{ table = null } = {}] = await query("SELECT to_regclass('rx.migration') AS table");
  if (table === null) return false;
  const [{ version } = {}] = await query('SELECT max(version) AS version FROM rx.migration');
  return Number(version) === migrations.length;
}

function tooNew(version: number): UsageError {
  return new UsageError(
    `Expected tables of version ${migrations.length} in the database, got version ${version}.`,
    { suggestion: 'Update rxposure on this machine: another one is newer.' },
  );
}
