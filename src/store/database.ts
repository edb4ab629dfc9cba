import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { messageOf } from '../base/text.ts';
import { toStorageError } from '../disk/storageError.ts';
import { makeFolder } from '../disk/writeFiles.ts';
import { type RxposureError, StorageError, UsageError } from '../errors.ts';

/** `rxps`: identifies a journal among other programs' databases. */
const APPLICATION_ID = 0x72787073;
const SCHEMA_VERSION = 2;

/**
 * The index has every column that the start of a run reads, so that a million finished jobs are
 * skipped without reading their rows. `open_micro_usd` is null if no attempt is open.
 */
const SCHEMA = `
  CREATE TABLE run (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    fingerprint TEXT
  ) STRICT;
  INSERT INTO run VALUES (1, NULL);
  CREATE TABLE job (
    job_index INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    intended_at_ms INTEGER,
    prediction_id TEXT,
    request TEXT,
    prediction TEXT,
    files TEXT NOT NULL,
    cost_micro_usd INTEGER NOT NULL,
    open_micro_usd INTEGER,
    earlier_micro_usd INTEGER NOT NULL,
    paid_micro_usd INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX job_summary ON job (state, paid_micro_usd);
  CREATE INDEX job_open ON job (open_micro_usd) WHERE open_micro_usd IS NOT NULL;
  CREATE TABLE prediction (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/**
 * Opens the journal's database for this process alone; creates it, and its folders, if it does not
 * exist. The lock is the operating system's, on the open file: it ends with the process, however
 * that ends. Commits survive a power cut.
 *
 * Throws `UsageError` if another run has it open or it is no journal, `StorageError` if the disk
 * refuses.
 */
export function openDatabase(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    makeFolder(dirname(path));
    database = new (loadSqlite().DatabaseSync)(path);
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('PRAGMA synchronous = FULL');
    prepareSchema(database, path);
    return database;
  } catch (error) {
    database?.close();
    throw toJournalError(error, path);
  }
}

function prepareSchema(database: DatabaseSync, path: string): void {
  // Takes the exclusive lock, which is then held until the database is closed.
  database.exec('BEGIN EXCLUSIVE');
  const applicationId = pragma(database, 'application_id');
  const version = pragma(database, 'user_version');
  if (applicationId === 0 && tableCount(database) === 0) {
    database.exec(SCHEMA);
  } else if (applicationId !== APPLICATION_ID) {
    throw new UsageError(`Expected the journal of a run in ${path}, got the database of another program.`, {
      suggestion: 'Choose another folder with --out.',
    });
  } else if (version !== SCHEMA_VERSION) {
    throw new UsageError(
      `Expected a journal of version ${SCHEMA_VERSION} in ${path}, got version ${version}.`,
      {
        suggestion:
          'Finish this run with the version of rxposure that started it, or choose another folder with --out.',
      },
    );
  }
  database.exec('COMMIT');
}

function pragma(database: DatabaseSync, name: 'application_id' | 'user_version'): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}

function tableCount(database: DatabaseSync): number {
  return Number(database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()?.tables);
}

type Sqlite = { readonly DatabaseSync: typeof DatabaseSync };

/**
 * Loads Node's own SQLite. Suppresses the ExperimentalWarning that some versions print then, which
 * is of no use in a terminal, and no other warning.
 */
export function loadSqlite(): Sqlite {
  const { emitWarning } = process;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]): void => {
    if (String(warning).includes('SQLite is an experimental feature')) return;
    Reflect.apply(emitWarning, process, [warning, ...rest]);
  };
  try {
    return process.getBuiltinModule('node:sqlite');
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
  if (error instanceof z.ZodError || error instanceof SyntaxError) return damagedJournal(path, error);
  switch (sqliteCodeOf(error)) {
    case SQLITE.busy:
    case SQLITE.locked:
      return new UsageError(`${path} is in use by another run.`, {
        recoverable: true,
        suggestion: 'Wait until that run has ended, stop it, or choose another folder with --out.',
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

function damagedJournal(path: string, cause: unknown): UsageError {
  return new UsageError(`Expected the journal of a run in ${path}, got a damaged or foreign file.`, {
    suggestion:
      'Restore it from a copy, or choose another folder with --out. Without it there is no record of what has been paid: ' +
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
    suggestion: `${remedy} and run the same command again, or choose another folder with --out.`,
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
