import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { UsageError } from '../errors.ts';
import { makeFolder } from '../makeFolder.ts';
import { loadSqlite } from './loadSqlite.ts';
import { toJournalError } from './toJournalError.ts';

/** `rxps`: tells our files from other programs'. */
const APPLICATION_ID = 0x72787073;
const SCHEMA_VERSION = 2;

/**
 * The index holds all that is asked at the start of a run, so that a million finished jobs are passed over without
 * reading their rows. `open_micro_usd` is null where no attempt is open.
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
 * Opens the journal's database for this process alone, or creates it, folders included. The lock is the system's own on
 * the open file: it ends with the process, however that ends, and never stays behind. What is committed survives a power cut.
 *
 * Throws `UsageError` where another run has it open or it is no journal, `StorageError` where the disk refuses.
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
  // Takes the exclusive lock, which is then kept until the database is closed.
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
          'Finish this run with the version of rxposure that began it, or choose another folder with --out.',
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
