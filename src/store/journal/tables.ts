import type { DatabaseSync } from 'node:sqlite';
import { option, UsageError } from '../../errors.ts';

/** `rxps`: identifies a journal among other programs' databases. */
const APPLICATION_ID = 0x72787073;
/** The version of the tables. */
export const SCHEMA_VERSION = 3;

/**
 * A job is known by its `id`, which never changes; `job_index` is its position in the input, null
 * if the input no longer asks for it. The index `job_summary` has every column that the start of a
 * run reads, so that a million finished jobs are skipped without reading their rows.
 * `open_micro_usd` is null if no attempt is open. `log_seq` is the last line of the entry log that
 * the database has (`entryLog.ts`).
 */
const SCHEMA = `
  CREATE TABLE run (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    fixed_input TEXT,
    fingerprint TEXT,
    total INTEGER,
    content TEXT,
    service TEXT,
    log_id TEXT,
    log_seq INTEGER NOT NULL,
    move_phase TEXT
  ) STRICT;
  INSERT INTO run VALUES (1, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL);
  CREATE TABLE job (
    id INTEGER PRIMARY KEY,
    job_index INTEGER,
    key TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    intended_at_ms INTEGER,
    cancel_after_ms INTEGER,
    prediction_id TEXT,
    request TEXT,
    prediction TEXT,
    files TEXT NOT NULL,
    cost_micro_usd INTEGER NOT NULL,
    open_micro_usd INTEGER,
    paid_micro_usd INTEGER NOT NULL,
    checksum INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX job_at ON job (job_index) WHERE job_index IS NOT NULL;
  CREATE INDEX job_summary ON job (state, job_index, paid_micro_usd);
  CREATE INDEX job_open ON job (open_micro_usd, job_index) WHERE open_micro_usd IS NOT NULL;
  CREATE TABLE prediction (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  CREATE TABLE file_move (
    id INTEGER PRIMARY KEY,
    old_path TEXT NOT NULL,
    new_path TEXT NOT NULL,
    sidecar_of INTEGER
  ) STRICT;
  CREATE TABLE session (
    id INTEGER PRIMARY KEY,
    started_at_ms INTEGER NOT NULL,
    elapsed_ms INTEGER NOT NULL,
    api_requests INTEGER NOT NULL,
    saved INTEGER NOT NULL
  ) STRICT;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/**
 * Creates the tables of a new journal, or brings those of an earlier version up to date, in the
 * open transaction. `writeChecksums` writes the checksum of every row. Throws `UsageError` if the
 * database is another program's, or a newer version's.
 */
export function prepareTables(database: DatabaseSync, path: string, writeChecksums: () => void): void {
  const applicationId = pragma(database, 'application_id');
  const version = pragma(database, 'user_version');
  if (applicationId === 0 && tableCount(database) === 0) {
    database.exec(SCHEMA);
  } else if (applicationId !== APPLICATION_ID) {
    throw foreign(`Expected the journal of a run in ${path}, got the database of another program.`, {
      suggestion: `Choose another folder with ${option('--out')}.`,
    });
  } else if (version === 1 || version === 2) {
    migrate(database, version);
    writeChecksums();
  } else if (version !== SCHEMA_VERSION) {
    throw foreign(`Expected a journal of version ${SCHEMA_VERSION} in ${path}, got version ${version}.`, {
      suggestion: `Finish this run with the version of rxposure that started it, or choose another folder with ${option('--out')}.`,
    });
  }
}

const foreignErrors = new WeakSet<UsageError>();

function foreign(...args: ConstructorParameters<typeof UsageError>): UsageError {
  const error = new UsageError(...args);
  foreignErrors.add(error);
  return error;
}

/** Returns true if an error of `prepareTables` means that a database is not today's journal. */
export function isForeign(error: unknown): boolean {
  return error instanceof UsageError && foreignErrors.has(error);
}

/**
 * Turns the tables of version 1 or 2 into today's. Money that was paid at an index before its
 * request changed becomes a job of its own, which the input no longer asks for.
 */
function migrate(database: DatabaseSync, version: 1 | 2): void {
  const request = version === 1 ? 'NULL' : 'request';
  database.exec(`
    ALTER TABLE run RENAME TO old_run;
    ALTER TABLE job RENAME TO old_job;
    ALTER TABLE prediction RENAME TO old_prediction;
    DROP INDEX job_summary;
    DROP INDEX job_open;
    ${SCHEMA}
    INSERT INTO job
      SELECT NULL, job_index, key, state, attempts, intended_at_ms, NULL, prediction_id, ${request},
        prediction, files, cost_micro_usd, open_micro_usd, paid_micro_usd - earlier_micro_usd, 0
      FROM old_job ORDER BY job_index;
    INSERT INTO job
      SELECT NULL, NULL, '', 'ended', 1, NULL, NULL, NULL, NULL, NULL, '[]', earlier_micro_usd, NULL,
        earlier_micro_usd, 0
      FROM old_job WHERE earlier_micro_usd > 0;
    UPDATE run SET fixed_input = (SELECT fingerprint FROM old_run);
    INSERT INTO prediction SELECT id FROM old_prediction;
    DROP TABLE old_run;
    DROP TABLE old_job;
    DROP TABLE old_prediction;
    DROP TABLE IF EXISTS input_changed;
  `);
}

function pragma(database: DatabaseSync, name: 'application_id' | 'user_version'): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}

function tableCount(database: DatabaseSync): number {
  return Number(database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()?.tables);
}
