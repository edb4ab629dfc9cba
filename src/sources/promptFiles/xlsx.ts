import { unzipSync, zipSync } from 'fflate';
import { readSheet } from 'read-excel-file/node';
import { UsageError } from '../../errors.ts';
import type { RowItem } from './rows.ts';
import { type TableRecord, tableRows } from './table.ts';
import type { TextFile } from './text.ts';

/** The largest workbook, in bytes: it is read as a whole. About a million short prompts. */
const MAX_BYTES = 64 * 2 ** 20;
/** The most that its parts may have unpacked. */
const MAX_UNPACKED_BYTES = 256 * 2 ** 20;

/**
 * Reads the rows of the first sheet of an Excel workbook, whose first row with values is the
 * header. Formulas count with their last result, dates as `2026-11-27`. Throws `UsageError` if it
 * is no workbook, is protected by a password, or is too large to be read as a whole.
 */
export async function* xlsxRows(file: TextFile): AsyncGenerator<RowItem, void, void> {
  yield* tableRows(file.path, records(file));
}

type Cell = string | number | boolean | Date | null;

async function* records(file: TextFile): AsyncGenerator<readonly TableRecord[], void, void> {
  const workbook = await repacked(file);
  let rows: Cell[][];
  try {
    rows = (await readSheet(workbook, { trim: false })) as Cell[][];
  } catch (cause) {
    throw noWorkbook(file.path, cause);
  }
  yield rows.map((cells, at) => ({ line: at + 1, values: cells.map(textOf), fault: null }));
}

/**
 * Returns a workbook with its texts only, unpacked within the limit and packed again: the reader
 * itself has no limit, and a small file can be made to fill any memory.
 */
async function repacked({ path, bytes, chunks }: TextFile): Promise<Buffer> {
  if (bytes > MAX_BYTES) throw tooLarge(path);
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks()) parts.push(chunk);
  let unpackedBytes = 0;
  try {
    const files = unzipSync(Buffer.concat(parts), {
      filter: ({ name, originalSize }) => {
        if (!/\.(xml|rels)$/.test(name)) return false;
        unpackedBytes += originalSize;
        if (unpackedBytes > MAX_UNPACKED_BYTES) throw tooLarge(path);
        return true;
      },
    });
    return Buffer.from(zipSync(files, { level: 0 }));
  } catch (error) {
    throw error instanceof UsageError ? error : noWorkbook(path, error);
  }
}

function textOf(cell: Cell): string {
  if (cell === null) return '';
  if (!(cell instanceof Date)) return String(cell);
  if (Number.isNaN(cell.getTime())) return '';
  // Times are shares of a day, so that a second may lack some parts.
  const text = new Date(Math.round(cell.getTime() / 1_000) * 1_000).toISOString();
  // A time without a date is one of the first day that Excel counts.
  if (/^1899-12-3[01]T/.test(text)) return text.slice(11, 16);
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, 10) : text;
}

function tooLarge(path: string): UsageError {
  return new UsageError(
    `${path}: Expected a workbook of at most ${MAX_BYTES / 2 ** 20} MB, and ${MAX_UNPACKED_BYTES / 2 ** 20} MB unpacked, got a larger one`,
    { suggestion: 'Save the sheet as CSV (UTF-8), which is read row by row.' },
  );
}

function noWorkbook(path: string, cause: unknown): UsageError {
  return new UsageError(`${path}: Expected an Excel workbook, got a file that cannot be read as one`, {
    suggestion: 'Save it as .xlsx without a password, or as CSV (UTF-8).',
    cause,
  });
}
