import { rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BasicType } from 'hyparquet-writer';
import { syncFolder } from '../../disk/folders.ts';
import { numbered, statsOf } from '../../disk/giveName.ts';
import { openOwn, ownFlags } from '../../disk/ownFiles.ts';
import { importPackage, toStorageError } from '../../disk/storageError.ts';
import { newTemporaryPath, removeTemporary, writeChunks } from '../../disk/writeFiles.ts';
import { UsageError } from '../../errors.ts';
import type { Outcome } from '../../types.ts';

/** A way to write all outcomes as a table. */
export type TableFormat = 'csv' | 'parquet';

/**
 * Writes all outcomes as `manifest.csv` or `manifest.parquet` into the run folder, a row each, in
 * constant memory, and resolves with the path. A table of an earlier run is replaced as a whole; if
 * this rejects with `StorageError`, it is as it was before. If another file has that name, the
 * table is `manifest-2.csv`, and so on.
 */
export async function writeTable(
  folder: string,
  format: TableFormat,
  outcomes: AsyncIterable<Outcome>,
): Promise<string> {
  const write = format === 'csv' ? writeCsvManifest : writeParquetManifest;
  const wanted = join(folder, `manifest.${format}`);
  const path = await freePath(wanted).catch((error: unknown) => {
    throw toStorageError(error, wanted);
  });
  await write(path, outcomes);
  return path;
}

async function freePath(wanted: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const path = numbered(wanted, number);
    const stats = await statsOf(path);
    if (stats === null || (stats.isFile() && (await isOutcomeTable(path, stats.size)))) return path;
  }
}

/** Bytes at either end of a table that name its columns. */
const ENDS_BYTES = 16_384;

/** Returns true if a file names our columns, as CSV at its beginning or as Parquet at its end. */
async function isOutcomeTable(path: string, bytes: number): Promise<boolean> {
  const handle = await openOwn(path);
  try {
    const ends = await Promise.all(
      [0, Math.max(0, bytes - ENDS_BYTES)].map((from) =>
        handle.read(Buffer.alloc(ENDS_BYTES), 0, ENDS_BYTES, from),
      ),
    );
    const names = ['prediction_id', 'predict_seconds', 'cost_usd'];
    return ends.some(({ buffer }) => names.every((name) => buffer.includes(name)));
  } finally {
    await handle.close();
  }
}

/**
 * Writes outcomes as CSV (RFC 4180, UTF-8, with a header). It begins with a byte order mark,
 * without which Excel takes it for another encoding. Prefixes texts that a spreadsheet would run as
 * a formula with `'` (https://owasp.org/www-community/attacks/CSV_Injection). Rejects with
 * `StorageError`.
 */
function writeCsvManifest(path: string, outcomes: AsyncIterable<Outcome>): Promise<void> {
  return writeChunks(path, lines(outcomes));
}

async function* lines(outcomes: AsyncIterable<Outcome>): AsyncGenerator<string> {
  const { default: papaparse } = await importPackage('papaparse', () => import('papaparse'));
  let isFirst = true;
  for await (const outcome of outcomes) {
    const config = { header: isFirst, escapeFormulae: true, newline: '\r\n' };
    const mark = isFirst ? '\uFEFF' : '';
    yield `${mark}${papaparse.unparse([outcomeRow(outcome)], config)}\r\n`;
    isFirst = false;
  }
}

/** An outcome in the columns of a table; nested values are JSON. */
interface OutcomeRow {
  readonly index: number;
  readonly key: string;
  readonly status: string;
  readonly prompt: string;
  readonly model: string;
  /** Null: an older version made the outcome. */
  readonly service: string | null;
  readonly version: string | null;
  readonly seed: number | null;
  readonly prediction_id: string | null;
  readonly attempts: number;
  readonly cached: boolean;
  readonly cost_usd: number | null;
  readonly predict_seconds: number | null;
  readonly score: number | null;
  /** Path of the first original; the next five columns describe the same file. */
  readonly path: string | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly format: string | null;
  readonly bytes: number | null;
  readonly sha256: string | null;
  readonly files: string;
  readonly input: string;
  readonly tags: string;
  readonly created_at: string | null;
  readonly completed_at: string | null;
  readonly error_code: string | null;
  readonly error_message: string | null;
}

function outcomeRow(outcome: Outcome): OutcomeRow {
  const { index, key, status, prompt, model, version, input, tags, metrics, files, error } = outcome;
  const original = files.find(({ role }) => role === 'original');
  return {
    index,
    key,
    status,
    prompt,
    model,
    service: outcome.service ?? null,
    version,
    seed: numberOf(input.seed),
    prediction_id: outcome.predictionId,
    attempts: outcome.attempts,
    cached: outcome.cached,
    cost_usd: outcome.costUsd,
    predict_seconds: numberOf(metrics.predict_time),
    score: numberOf(metrics.score),
    path: original?.path ?? null,
    width: original?.width ?? null,
    height: original?.height ?? null,
    format: original?.format ?? null,
    bytes: original?.bytes ?? null,
    sha256: original?.sha256 ?? null,
    files: JSON.stringify(files),
    input: JSON.stringify(input),
    tags: JSON.stringify(tags),
    created_at: outcome.createdAt,
    completed_at: outcome.completedAt,
    error_code: error?.code ?? null,
    error_message: error?.message ?? null,
  };
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

/** Rows held in memory until they are written: a few megabytes. */
const ROWS_PER_GROUP = 5_000;

const columnTypes: Readonly<Record<keyof OutcomeRow, BasicType>> = {
  index: 'INT32',
  key: 'STRING',
  status: 'STRING',
  prompt: 'STRING',
  model: 'STRING',
  service: 'STRING',
  version: 'STRING',
  // INT64 cannot hold every JSON number.
  seed: 'DOUBLE',
  prediction_id: 'STRING',
  attempts: 'INT32',
  cached: 'BOOLEAN',
  cost_usd: 'DOUBLE',
  predict_seconds: 'DOUBLE',
  score: 'DOUBLE',
  path: 'STRING',
  width: 'INT32',
  height: 'INT32',
  format: 'STRING',
  bytes: 'INT64',
  sha256: 'STRING',
  files: 'STRING',
  input: 'STRING',
  tags: 'STRING',
  created_at: 'STRING',
  completed_at: 'STRING',
  error_code: 'STRING',
  error_message: 'STRING',
};

const columns = Object.entries(columnTypes).map(([name, type]) => ({ name, type }));

/**
 * Writes outcomes as Parquet (Snappy), with one row group in memory at a time. Rejects with
 * `StorageError`.
 */
async function writeParquetManifest(path: string, outcomes: AsyncIterable<Outcome>): Promise<void> {
  const temporary = newTemporaryPath(path);
  try {
    // The writer opens a file by its name: this one is ours.
    await (await openOwn(temporary, ownFlags.create)).close();
    const { fileWriter, parquetWriteRows } = await importPackage(
      'hyparquet-writer',
      () => import('hyparquet-writer'),
    );
    await parquetWriteRows({
      writer: fileWriter(temporary),
      rows: rows(outcomes),
      columns,
      rowGroupSize: ROWS_PER_GROUP,
    });
    const handle = await openOwn(temporary, ownFlags.readWrite);
    await handle.sync().finally(() => handle.close());
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await removeTemporary(temporary);
    throw error instanceof UsageError ? error : toStorageError(error, path);
  }
}

async function* rows(outcomes: AsyncIterable<Outcome>) {
  for await (const outcome of outcomes) {
    const row = outcomeRow(outcome);
    yield { ...row, bytes: row.bytes === null ? null : BigInt(row.bytes) };
  }
}
