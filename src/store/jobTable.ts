import { isAbsolute, relative, resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { ImageFile, JobRecord } from '../types.ts';
import { hasOpenAttempt, type StoredJob } from './entries.ts';
import { jobRowSchema } from './schemas.ts';

/** The table of a run's jobs in its database. */
export interface JobTable {
  get(index: number): StoredJob | undefined;
  put(job: StoredJob): void;
  addPredictionId(id: string): void;
  predictionIds(): Iterable<string>;
  indexesOf(state: JobRecord['state']): Iterable<number>;
  openIndexes(): ReadonlySet<number>;
  /** Counts the jobs of each state. */
  counts(): ReadonlyMap<string, number>;
  paidMicroUsd(): number;
  openMicroUsd(): number;
}

const PUT_JOB = `
  INSERT OR REPLACE INTO job VALUES (
    $job_index, $key, $state, $attempts, $intended_at_ms, $prediction_id, $request, $prediction, $files,
    $cost_micro_usd, $open_micro_usd, $earlier_micro_usd, $paid_micro_usd
  )`;

/**
 * Creates the table of jobs. It stores files in the run folder by their relative paths, so that the
 * folder may be moved between two runs.
 */
export function createJobTable(database: DatabaseSync, folder: string): JobTable {
  const getJob = database.prepare('SELECT * FROM job WHERE job_index = ?');
  const putJob = database.prepare(PUT_JOB);
  const addId = database.prepare('INSERT OR IGNORE INTO prediction VALUES (?)');
  const numberOf = (sql: string): number => Number(database.prepare(sql).get()?.number ?? 0);
  return {
    get(index) {
      const row = getJob.get(index);
      return row === undefined ? undefined : jobOfRow(row, folder);
    },
    put(job) {
      putJob.run(rowOfJob(job, folder));
    },
    addPredictionId(id) {
      addId.run(id);
    },
    *predictionIds() {
      for (const { id } of database.prepare('SELECT id FROM prediction').iterate()) yield String(id);
    },
    *indexesOf(state) {
      const rows = database.prepare('SELECT job_index FROM job WHERE state = ?').iterate(state);
      for (const row of rows) yield Number(row.job_index);
    },
    openIndexes() {
      const rows = database.prepare('SELECT job_index FROM job WHERE open_micro_usd IS NOT NULL').all();
      return new Set(rows.map((row) => Number(row.job_index)));
    },
    counts() {
      const rows = database.prepare('SELECT state, count(*) AS jobs FROM job GROUP BY state').all();
      return new Map(rows.map((row) => [String(row.state), Number(row.jobs)]));
    },
    paidMicroUsd: () => numberOf('SELECT sum(paid_micro_usd) AS number FROM job'),
    openMicroUsd: () =>
      numberOf('SELECT sum(open_micro_usd) AS number FROM job WHERE open_micro_usd IS NOT NULL'),
  };
}

function jobOfRow(columns: unknown, folder: string): StoredJob {
  const row = jobRowSchema.parse(columns);
  return {
    record: {
      index: row.job_index,
      key: row.key,
      state: row.state,
      attempts: row.attempts,
      intendedAtMs: row.intended_at_ms,
      predictionId: row.prediction_id,
      request: row.request,
      prediction: row.prediction,
      files: row.files.map((file) => ({ ...file, path: resolve(folder, file.path) })),
      costMicroUsd: row.cost_micro_usd,
    },
    openMicroUsd: row.open_micro_usd ?? 0,
    earlierMicroUsd: row.earlier_micro_usd,
    paidMicroUsd: row.paid_micro_usd,
  };
}

function rowOfJob(job: StoredJob, folder: string): Record<string, string | number | null> {
  const { record, openMicroUsd, earlierMicroUsd, paidMicroUsd } = job;
  const { prediction, files } = record;
  return {
    job_index: record.index,
    key: record.key,
    state: record.state,
    attempts: record.attempts,
    intended_at_ms: record.intendedAtMs,
    prediction_id: record.predictionId,
    request: record.request === null ? null : JSON.stringify(record.request),
    prediction: prediction === null ? null : JSON.stringify(prediction),
    files: JSON.stringify(files.map((file) => withRelativePath(file, folder))),
    cost_micro_usd: record.costMicroUsd,
    open_micro_usd: hasOpenAttempt(record) ? openMicroUsd : null,
    earlier_micro_usd: earlierMicroUsd,
    paid_micro_usd: paidMicroUsd,
  };
}

function withRelativePath(file: ImageFile, folder: string): ImageFile {
  const path = relative(folder, file.path);
  return { ...file, path: path.startsWith('..') || isAbsolute(path) ? file.path : path };
}
