import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type BasicType, fileWriter, parquetWriteRows } from 'hyparquet-writer';
import { syncFolder } from '../syncFolder.ts';
import { temporaryPath } from '../temporaryPath.ts';
import { toStorageError } from '../toStorageError.ts';
import type { Outcome } from '../types.ts';
import { type OutcomeRow, outcomeRow } from './outcomeRow.ts';

/** Rows that are held in memory until they are written: some megabytes. */
const ROWS_PER_GROUP = 5_000;

const columnTypes: Readonly<Record<keyof OutcomeRow, BasicType>> = {
  index: 'INT32',
  key: 'STRING',
  status: 'STRING',
  prompt: 'STRING',
  model: 'STRING',
  version: 'STRING',
  // JSON's numbers, which an INT64 would not hold all.
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

/** Writes outcomes as Parquet (Snappy), a row group in memory at a time. Rejects with `StorageError`. */
export async function writeParquetManifest(path: string, outcomes: AsyncIterable<Outcome>): Promise<void> {
  try {
    await parquetWriteRows({
      writer: fileWriter(temporaryPath(path)),
      rows: rows(outcomes),
      columns,
      rowGroupSize: ROWS_PER_GROUP,
    });
    const handle = await open(temporaryPath(path), 'r+');
    await handle.sync().finally(() => handle.close());
    await rename(temporaryPath(path), path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporaryPath(path), { force: true }).catch(() => {});
    throw toStorageError(error, path);
  }
}

async function* rows(outcomes: AsyncIterable<Outcome>) {
  for await (const outcome of outcomes) {
    const row = outcomeRow(outcome);
    yield { ...row, bytes: row.bytes === null ? null : BigInt(row.bytes) };
  }
}
