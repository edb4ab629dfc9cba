import { join } from 'node:path';
import type { Outcome } from '../types.ts';
import { writeCsvManifest } from './writeCsvManifest.ts';
import { writeParquetManifest } from './writeParquetManifest.ts';

/** A way to write all outcomes as a table. */
export type TableFormat = 'csv' | 'parquet';

/**
 * Writes all outcomes as `manifest.csv` or `manifest.parquet` into the run folder, a row each, in flat memory. The file is there
 * as a whole or, where this rejects with `StorageError`, as it was before.
 */
export function writeTable(
  folder: string,
  format: TableFormat,
  outcomes: AsyncIterable<Outcome>,
): Promise<void> {
  const write = format === 'csv' ? writeCsvManifest : writeParquetManifest;
  return write(join(folder, `manifest.${format}`), outcomes);
}
