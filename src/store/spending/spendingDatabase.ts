import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { makeFolder } from '../../disk/folders.ts';
import { expectPlainFile } from '../../disk/ownFiles.ts';
import { StorageError } from '../../errors.ts';
import { loadSqlite, rollBack } from '../journal/database.ts';

/** Time for which a write waits for those of other processes. */
const BUSY_MS = 10_000;

/**
 * `entry` has the money that a run folder has spent and holds, by the day on which it was reserved;
 * `folder` the sum of its journal when both were last compared. Amounts are millionths of a US
 * dollar.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS folder (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL,
    inode TEXT NOT NULL,
    journal_micro_usd INTEGER NOT NULL,
    spent_micro_usd INTEGER NOT NULL,
    UNIQUE (path, inode)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS entry (
    day TEXT NOT NULL,
    folder_id INTEGER NOT NULL REFERENCES folder (id),
    spent_micro_usd INTEGER NOT NULL,
    held_micro_usd INTEGER NOT NULL,
    PRIMARY KEY (day, folder_id)
  ) STRICT, WITHOUT ROWID;
`;

/** A folder on a day. */
export interface SpendingEntry {
  /** `2026-11-28`. */
  readonly day: string;
  readonly spentMicroUsd: number;
  readonly heldMicroUsd: number;
}

/** The money that all folders have spent in a time, and hold for predictions that may be paid. */
export interface PeriodSpending {
  /** `2026-11-28` or `2026-11`, by the clock of this machine. */
  readonly period: string;
  readonly spentMicroUsd: number;
  readonly heldMicroUsd: number;
}

/** The database of everything that real runs on this machine spend. */
export interface SpendingDatabase {
  /** Makes a change; other processes see all of it or nothing, and wait meanwhile. */
  write<T>(change: () => T): T;
  /** Adds amounts to a folder's day; they may be negative. */
  add(folderId: number, entry: SpendingEntry): void;
  /** Returns the days of a folder, the first one first. */
  entries(folderId: number): SpendingEntry[];
  /** Returns the sums of a day, or of a month: `2026-11-28`, `2026-11`. */
  sumOf(period: string): PeriodSpending;
  /** Returns the folders that hold money in a month, the most first. */
  holders(month: string): { readonly path: string; readonly heldMicroUsd: number }[];
  get(sql: string, ...values: SQLInputValue[]): Readonly<Record<string, unknown>> | undefined;
  run(sql: string, ...values: SQLInputValue[]): void;
  close(): void;
}

/**
 * Opens the database; creates it if it does not exist. Any number of processes may have it open.
 * Throws `StorageError` if it cannot be used.
 *
 * A commit survives the death of the process. A power cut may take the last ones: then the journals
 * of the folders, which are flushed, bring them back.
 */
export function openSpendingDatabase(path: string): SpendingDatabase {
  let database: DatabaseSync | undefined;
  try {
    makeFolder(dirname(path));
    // SQLite follows links.
    for (const suffix of ['', '-wal', '-shm', '-journal']) expectPlainFile(`${path}${suffix}`);
    database = new (loadSqlite().DatabaseSync)(path);
    database.exec(`PRAGMA busy_timeout = ${BUSY_MS}; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL`);
    database.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT`);
    return spendingOf(database, path);
  } catch (error) {
    database?.close();
    throw unusable(path, error);
  }
}

/** Reads the database with `read` if there is one; null if there is none. Throws `StorageError`. */
export function readSpending<T>(path: string, read: (database: SpendingDatabase) => T): T | null {
  if (!existsSync(path)) return null;
  const database = openSpendingDatabase(path);
  try {
    return read(database);
  } finally {
    database.close();
  }
}

function spendingOf(database: DatabaseSync, path: string): SpendingDatabase {
  const addTo = database.prepare(`
    INSERT INTO entry VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET
      spent_micro_usd = spent_micro_usd + excluded.spent_micro_usd,
      held_micro_usd = held_micro_usd + excluded.held_micro_usd`);
  const sum = database.prepare(
    'SELECT sum(spent_micro_usd) AS spent, sum(held_micro_usd) AS held FROM entry WHERE day >= ? AND day <= ?',
  );
  const guarded = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw unusable(path, error);
    }
  };
  return {
    write: (change) =>
      guarded(() => {
        database.exec('BEGIN IMMEDIATE');
        try {
          const result = change();
          database.exec('COMMIT');
          return result;
        } catch (error) {
          rollBack(database);
          throw error;
        }
      }),
    add: (folderId, { day, spentMicroUsd, heldMicroUsd }) => {
      if (spentMicroUsd !== 0 || heldMicroUsd !== 0) addTo.run(day, folderId, spentMicroUsd, heldMicroUsd);
    },
    entries: (folderId) =>
      database
        .prepare('SELECT * FROM entry WHERE folder_id = ? ORDER BY day')
        .all(folderId)
        .map((row) => ({
          day: String(row.day),
          spentMicroUsd: Number(row.spent_micro_usd),
          heldMicroUsd: Number(row.held_micro_usd),
        })),
    sumOf: (period) => {
      const { spent = 0, held = 0 } = guarded(() => sum.get(period, `${period}~`)) ?? {};
      return { period, spentMicroUsd: Number(spent ?? 0), heldMicroUsd: Number(held ?? 0) };
    },
    holders: (month) =>
      guarded(() =>
        database
          .prepare(`
            SELECT path, sum(held_micro_usd) AS held FROM entry JOIN folder ON folder.id = folder_id
              WHERE day >= ? AND day <= ? GROUP BY path HAVING held > 0 ORDER BY held DESC`)
          .all(month, `${month}~`)
          .map((row) => ({ path: String(row.path), heldMicroUsd: Number(row.held) })),
      ),
    get: (sql, ...values) => database.prepare(sql).get(...values),
    run: (sql, ...values) => {
      database.prepare(sql).run(...values);
    },
    close: () => database.close(),
  };
}

function unusable(path: string, cause: unknown): StorageError {
  if (cause instanceof StorageError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new StorageError('ERR_SPENDING', `Cannot count the spending of this machine in ${path}: ${reason}`, {
    suggestion:
      'Make the file writable, or leave out the limits of a day and a month. If it is damaged, delete it: earlier spending is not counted then.',
    cause,
  });
}
