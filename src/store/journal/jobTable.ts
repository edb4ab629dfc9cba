import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import type { JobRecord } from '../../types.ts';
import { hasOpenAttempt, type JournalCounts, type StoredJob } from '../entries.ts';
import { jobRowSchema } from '../schemas.ts';
import { filesToStore, readFiles } from './storedFiles.ts';

/** The table of a run's jobs in its database. */
export interface JobTable extends JobSums, JobChecks {
  get(id: number): StoredJob | undefined;
  /** Returns the job at an index of the input. */
  at(index: number): StoredJob | undefined;
  /** Returns a job without an index, by its request and its prediction. */
  unplaced(key: string, predictionId: string): StoredJob | undefined;
  put(job: StoredJob): void;
  /** Returns the id of a new job. */
  newId(): number;
  addPredictionId(id: string): void;
  predictionIds(): Iterable<string>;
  /** Returns the models of all requests that are on record. */
  models(): ReadonlySet<string>;
  /** Returns true if a job has this prediction, or had it. */
  knowsPrediction(id: string): boolean;
  /** Returns the indexes of the jobs of a state; not of jobs that the input no longer asks for. */
  indexesOf(state: JobRecord['state']): Iterable<number>;
  openIndexes(): ReadonlySet<number>;
}

/** The sums over all jobs. */
export interface JobSums {
  /** Counts the jobs by state; not those that the input no longer asks for. */
  counts(): JournalCounts;
  paidMicroUsd(): number;
  openMicroUsd(): number;
}

/** Passes over all rows. */
export interface JobChecks {
  /** Yields all jobs, in the order of their ids. */
  all(): Iterable<StoredJob>;
  /**
   * Yields the jobs with an open attempt that the input no longer asks for, then those that it asks
   * for whose last attempt began at a moment or later; null: none of these.
   */
  unaccounted(sinceMs: number | null): Iterable<StoredJob>;
  /** Writes the checksum of every row: after a change that was made in SQL. */
  writeChecksums(): void;
  /** Returns true if every row fits its checksum. */
  isSound(): boolean;
}

const PUT_JOB = `
  INSERT OR REPLACE INTO job VALUES (
    $id, $job_index, $key, $state, $attempts, $intended_at_ms, $cancel_after_ms, $prediction_id,
    $request, $prediction, $files, $cost_micro_usd, $open_micro_usd, $paid_micro_usd, $checksum
  )`;

type Row = Readonly<Record<string, unknown>>;

/**
 * Creates the table of jobs. It stores files in the run folder by their relative paths, so that the
 * folder may be moved between two runs. Each row carries a checksum of its values: a bit that the
 * disk has turned around must not look like a job that was never paid.
 */
export function createJobTable(database: DatabaseSync, folder: string): JobTable {
  const getJob = database.prepare('SELECT * FROM job WHERE id = ?');
  const jobAt = database.prepare('SELECT * FROM job WHERE job_index = ?');
  const putJob = database.prepare(PUT_JOB);
  const findId = database.prepare('SELECT 1 FROM prediction WHERE id = ?');
  const addId = database.prepare('INSERT OR IGNORE INTO prediction VALUES (?)');
  const numberOf = (sql: string): number => Number(database.prepare(sql).get()?.number ?? 0);
  const rows = () => database.prepare('SELECT * FROM job ORDER BY id').iterate() as Iterable<Row>;
  let findUnplaced: StatementSync | null = null;
  let lastId = numberOf('SELECT max(id) AS number FROM job');
  return {
    get: (id) => jobOf(getJob.get(id), folder),
    at: (index) => jobOf(jobAt.get(index), folder),
    unplaced(key, predictionId) {
      findUnplaced ??= prepareUnplaced(database);
      return jobOf(findUnplaced.get(predictionId, key), folder);
    },
    put(job) {
      const row = rowOfJob(job, folder);
      putJob.run({ ...row, checksum: checksumOf(row) });
      // Entries of the log come with their ids.
      lastId = Math.max(lastId, job.id);
    },
    newId() {
      lastId += 1;
      return lastId;
    },
    addPredictionId(id) {
      addId.run(id);
    },
    knowsPrediction: (id) => findId.get(id) !== undefined,
    *predictionIds() {
      for (const { id } of database.prepare('SELECT id FROM prediction').iterate()) yield String(id);
    },
    models() {
      const found = database
        .prepare(
          "SELECT DISTINCT json_extract(request, '$.model') AS model FROM job WHERE request IS NOT NULL",
        )
        .all();
      return new Set(found.map(({ model }) => String(model)));
    },
    *indexesOf(state) {
      const found = database
        .prepare('SELECT job_index FROM job WHERE state = ? AND job_index IS NOT NULL')
        .iterate(state);
      for (const row of found) yield Number(row.job_index);
    },
    openIndexes() {
      const open = database
        .prepare('SELECT job_index FROM job WHERE open_micro_usd IS NOT NULL AND job_index IS NOT NULL')
        .all();
      return new Set(open.map((row) => Number(row.job_index)));
    },
    counts() {
      const states = database
        .prepare('SELECT state, count(*) AS jobs FROM job WHERE job_index IS NOT NULL GROUP BY state')
        .all();
      const jobs = Object.fromEntries(states.map((row) => [String(row.state), Number(row.jobs)]));
      const { saved = 0, failed = 0, skipped = 0, ...others } = jobs;
      const unfinished = Object.values(others).reduce((sum, some) => sum + some, 0);
      return { saved, failed, skipped, unfinished };
    },
    paidMicroUsd: () => numberOf('SELECT sum(paid_micro_usd) AS number FROM job'),
    openMicroUsd: () =>
      numberOf('SELECT sum(open_micro_usd) AS number FROM job WHERE open_micro_usd IS NOT NULL'),
    *all() {
      for (const row of rows()) yield storedJob(row, folder);
    },
    *unaccounted(sinceMs) {
      const dropped = database.prepare(
        'SELECT * FROM job WHERE open_micro_usd IS NOT NULL AND job_index IS NULL',
      );
      for (const row of dropped.iterate()) yield storedJob(row, folder);
      if (sinceMs === null) return;
      const begun = database.prepare('SELECT * FROM job WHERE job_index IS NOT NULL AND intended_at_ms >= ?');
      for (const row of begun.iterate(Math.floor(sinceMs))) yield storedJob(row, folder);
    },
    writeChecksums() {
      const write = database.prepare('UPDATE job SET checksum = ? WHERE id = ?');
      for (const row of rows()) write.run(checksumOf(row), Number(row.id));
    },
    isSound() {
      for (const row of rows()) if (row.checksum !== checksumOf(row)) return false;
      return true;
    },
  };
}

/** Prepares the search for jobs without an index: after a repair these may be all. */
function prepareUnplaced(database: DatabaseSync): StatementSync {
  database.exec(`
    CREATE TEMP TABLE unplaced AS
      SELECT prediction_id, id FROM job WHERE job_index IS NULL AND prediction_id IS NOT NULL;
    CREATE INDEX temp.unplaced_at ON unplaced (prediction_id);
  `);
  return database.prepare(`
    SELECT job.* FROM unplaced JOIN job ON job.id = unplaced.id
      WHERE unplaced.prediction_id = ? AND job.key = ? AND job.job_index IS NULL`);
}

/** The columns that a checksum covers, in this order. */
const CHECKED = [
  'id',
  'job_index',
  'key',
  'state',
  'attempts',
  'intended_at_ms',
  'cancel_after_ms',
  'prediction_id',
  'request',
  'prediction',
  'files',
  'cost_micro_usd',
  'open_micro_usd',
  'paid_micro_usd',
] as const;

function checksumOf(row: Row): number {
  return crc32(JSON.stringify(CHECKED.map((column) => row[column])));
}

function jobOf(row: Row | undefined, folder: string): StoredJob | undefined {
  return row === undefined ? undefined : storedJob(row, folder);
}

/** Reads a row of the table, whose files are below a folder. */
export function storedJob(columns: Row, folder: string): StoredJob {
  const row = jobRowSchema.parse(columns);
  return {
    id: row.id,
    index: row.job_index,
    record: {
      key: row.key,
      state: row.state,
      attempts: row.attempts,
      intendedAtMs: row.intended_at_ms,
      ...(row.cancel_after_ms === null ? {} : { cancelAfterMs: row.cancel_after_ms }),
      predictionId: row.prediction_id,
      request: row.request,
      prediction: row.prediction,
      files: readFiles(row.files, folder, row.id),
      costMicroUsd: row.cost_micro_usd,
    },
    openMicroUsd: row.open_micro_usd ?? 0,
    paidMicroUsd: row.paid_micro_usd,
  };
}

/** Returns the row of a job, whose files are below a folder. */
export function rowOfJob(job: StoredJob, folder: string): Record<string, string | number | null> {
  const { id, index, record, openMicroUsd, paidMicroUsd } = job;
  const { request, prediction, files } = record;
  return {
    id,
    job_index: index,
    key: record.key,
    state: record.state,
    attempts: record.attempts,
    intended_at_ms: record.intendedAtMs,
    cancel_after_ms: record.cancelAfterMs ?? null,
    prediction_id: record.predictionId,
    request: request === null ? null : JSON.stringify(request),
    prediction: prediction === null ? null : JSON.stringify(prediction),
    files: JSON.stringify(filesToStore(files, folder)),
    cost_micro_usd: record.costMicroUsd,
    open_micro_usd: hasOpenAttempt(record) ? openMicroUsd : null,
    paid_micro_usd: paidMicroUsd,
  };
}
