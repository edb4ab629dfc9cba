import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { messageOf } from '../../base/text.ts';
import { makeFolder } from '../../disk/folders.ts';
import { expectPlainFile } from '../../disk/ownFiles.ts';
import { toStorageError } from '../../disk/storageError.ts';
import { option, type RxposureError, StorageError, UsageError } from '../../errors.ts';

/**
 * Opens the journal's database for this process alone; creates it, and its folders, if it does not
 * exist. The lock is the operating system's, on the open file: it ends with the process, however
 * that ends. Commits survive a power cut. `prepare` creates or updates the tables, in a
 * transaction.
 *
 * Throws `UsageError` if another run has it open, it is no journal or this Node is too old,
 * `StorageError` if the disk refuses.
 */
export function openDatabase(path: string, prepare: (database: DatabaseSync) => void): DatabaseSync {
  const sqlite = loadSqlite();
  let database: DatabaseSync | undefined;
  try {
    makeFolder(dirname(path));
    // SQLite follows links.
    for (const suffix of ['', '-wal', '-shm', '-journal']) expectPlainFile(`${path}${suffix}`);
    database = new sqlite.DatabaseSync(path);
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('PRAGMA synchronous = FULL');
    // Takes the exclusive lock, which is then held until the database is closed.
    database.exec('BEGIN EXCLUSIVE');
    prepare(database);
    database.exec('COMMIT');
    return database;
  } catch (error) {
    database?.close();
    throw toJournalError(error, path);
  }
}

type Sqlite = { readonly DatabaseSync: typeof DatabaseSync };

/**
 * Loads Node's own SQLite. Suppresses the ExperimentalWarning that some versions print then, which
 * is of no use in a terminal, and no other warning. Throws `UsageError` if this Node has none.
 */
export function loadSqlite(): Sqlite {
  const { emitWarning } = process;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]): void => {
    if (String(warning).includes('SQLite is an experimental feature')) return;
    Reflect.apply(emitWarning, process, [warning, ...rest]);
  };
  try {
    const sqlite: Sqlite | undefined = process.getBuiltinModule?.('node:sqlite');
    if (sqlite !== undefined) return sqlite;
    throw new UsageError(`Expected Node 22.13 or later, got ${process.versions.node}.`, {
      suggestion: 'Install a newer one from https://nodejs.org.',
    });
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** SQLite's primary result codes (https://sqlite.org/rescode.html). */
const SQLITE = {
  perm: 3,
  busy: 5,
  locked: 6,
  readonly: 8,
  corrupt: 11,
  full: 13,
  cantOpen: 14,
  notADatabase: 26,
};

/**
 * Turns an error of SQLite or the file system about the journal at `path` into one with a
 * suggestion.
 */
export function toJournalError(error: unknown, path: string): RxposureError {
  if (error instanceof StorageError || error instanceof UsageError) return error;
  if (isOddContent(error)) return damagedJournal(path, error);
  switch (sqliteCodeOf(error)) {
    case SQLITE.busy:
    case SQLITE.locked:
      // A run holds the lease of its folder by now. SQLite reports ENOLCK like a lock of others.
      return new UsageError(`${path} cannot be locked: another program has it, or its disk takes no locks.`, {
        recoverable: true,
        suggestion: `Close programs that read the file. If there are none (NFS without lockd, some FUSE), choose a folder on another disk with ${option('--out')}.`,
        cause: error,
      });
    case SQLITE.corrupt:
    case SQLITE.notADatabase:
      return damagedJournal(path, error);
    case SQLITE.full:
      return storageError('ERR_DISK_FULL', 'No space left on the disk for', 'Free some space', path, error);
    case SQLITE.perm:
    case SQLITE.readonly:
    case SQLITE.cantOpen:
      return storageError('ERR_NOT_WRITABLE', 'Cannot write', 'Change its permissions', path, error);
    case null:
      return toStorageError(error, path);
    default:
      return storageError('ERR_DISK', 'The disk refused', 'Check the disk', path, error);
  }
}

/** SQLite's codes of a damaged file: tables that are gone, pages that make no sense. */
const DAMAGE: readonly (number | null)[] = [1, SQLITE.corrupt, 24, SQLITE.notADatabase];

/** Returns true if an error of this module, or of SQLite, means that the journal is damaged. */
export function isDamage(error: unknown): boolean {
  if (isOddContent(error)) return true;
  if (DAMAGE.includes(sqliteCodeOf(error))) return true;
  return error instanceof Error && error.cause !== undefined && isDamage(error.cause);
}

/** Returns true for an error about the content of a row: nested too deeply to read, for example. */
function isOddContent(error: unknown): boolean {
  return error instanceof z.ZodError || error instanceof SyntaxError || error instanceof RangeError;
}

function damagedJournal(path: string, cause: unknown): UsageError {
  return new UsageError(`Expected the journal of a run in ${path}, got a damaged or foreign file.`, {
    suggestion:
      `Restore it from a copy, or choose another folder with ${option('--out')}. Without it there is no record of the payments: ` +
      'delete it only if all images of this run may be made, and paid for, again.',
    cause,
  });
}

function storageError(
  code: string,
  fault: string,
  remedy: string,
  path: string,
  cause: unknown,
): StorageError {
  return new StorageError(code, `${fault} ${path}: ${messageOf(cause)}`, {
    recoverable: true,
    suggestion: `${remedy} and run the same command again, or choose another folder with ${option('--out')}.`,
    cause,
  });
}

/** Returns SQLite's primary result code; the rest of `errcode` is detail. */
function sqliteCodeOf(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null;
  return error.errcode & 0xff;
}

/** Rolls back the open transaction, if there still is one. */
export function rollBack(database: Pick<DatabaseSync, 'exec'>): void {
  try {
    database.exec('ROLLBACK');
  } catch {
    // If the disk is full, SQLite has ended the transaction already.
  }
}

/**
 * Lets a database take many rows at once: it may keep 32 MB of its pages in memory, and its
 * write-ahead log may grow as far. The ids of predictions have no order, so each of a million would
 * have its page of their tree read from the disk, and written to it twice.
 */
export function makeRoomForMany(database: Pick<DatabaseSync, 'exec'>): void {
  database.exec('PRAGMA cache_size = -32000; PRAGMA wal_autocheckpoint = 8000');
}
