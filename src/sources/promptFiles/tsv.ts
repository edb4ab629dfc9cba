import { quotedRecords } from './quotedRecords.ts';
import { lineTooLong, type RowItem } from './rows.ts';
import { isBlank, type TableRecord, tableRows } from './table.ts';
import { readLines, type TextFile } from './text.ts';

/**
 * Reads the rows of a TSV file with a header. There are two kinds of TSV: some programs write
 * values as they are, so that one may begin with a quotation mark; others put quotes around values,
 * as in CSV. The whole file decides, on its first pass.
 */
export async function* tsvRows(file: TextFile): AsyncGenerator<RowItem, void, void> {
  const records = (await isQuotedOnce(file)) ? quotedRecords(file, { delimiter: '\t' }) : plainRecords(file);
  yield* tableRows(file.path, records);
}

async function* plainRecords(file: TextFile): AsyncGenerator<readonly TableRecord[], void, void> {
  for await (const { firstLine, lines } of readLines(file)) {
    yield lines.map((text, at): TableRecord => {
      const fault = text === null ? lineTooLong : null;
      return { line: firstLine + at, values: text?.split('\t') ?? [], fault };
    });
  }
}

/** The kinds of the files that are read several times. */
const known = new WeakMap<TextFile, Promise<boolean>>();

function isQuotedOnce(file: TextFile): Promise<boolean> {
  const before = known.get(file);
  if (before !== undefined) return before;
  const answer = isQuoted(file);
  known.set(file, answer);
  return answer;
}

/** How the records of a file look if it is read in one of the two ways. */
interface Reading {
  /** True if each record has a value for each column, and no mistake in its quotes. */
  readonly fits: boolean;
  /** True if a value begins with a quotation mark. */
  readonly hasQuotes: boolean;
  /** True if quotes stand around all names of the header, or a value needs them. */
  readonly needsQuotes: boolean;
}

/**
 * Returns true if the quotes of a file belong to its format. If both readings fit, they do if they
 * stand around all column names or around values that need them, as those with a line end or a tab
 * do, and for spreadsheets those with a comma; around words alone they are part of the prompt.
 */
async function isQuoted(file: TextFile): Promise<boolean> {
  const plain = await judge(plainRecords(file));
  if (!plain.hasQuotes) return false;
  const quoted = await judge(quotedRecords(file, { delimiter: '\t' }));
  return quoted.fits && (!plain.fits || plain.needsQuotes || quoted.needsQuotes);
}

async function judge(batches: AsyncIterable<readonly TableRecord[]>): Promise<Reading> {
  let columns: number | null = null;
  let reading: Reading = { fits: true, hasQuotes: false, needsQuotes: false };
  for await (const records of batches) {
    for (const record of records) {
      if (record.fault === null && isBlank(record)) continue;
      const { values } = record;
      const isHeader = columns === null;
      columns ??= lengthOf(values);
      const marks = marksOf(values, isHeader);
      reading = {
        fits: reading.fits && record.fault === null && fitsIn(values, columns),
        hasQuotes: reading.hasQuotes || marks.hasQuotes,
        needsQuotes: reading.needsQuotes || marks.needsQuotes,
      };
    }
  }
  return reading;
}

/** Returns the number of values without the blank ones at the end. */
function lengthOf(values: readonly string[]): number {
  return values.findLastIndex((value) => value.trim() !== '') + 1;
}

function fitsIn(values: readonly string[], columns: number): boolean {
  return values.length >= columns && lengthOf(values) <= columns;
}

function marksOf(values: readonly string[], isHeader: boolean): Pick<Reading, 'hasQuotes' | 'needsQuotes'> {
  // Only quoted values have these.
  const hasBreaks = values.some((value) => /[\n\t]/.test(value));
  const hasQuotes = values.some((value) => value.startsWith('"'));
  if (!hasQuotes) return { hasQuotes, needsQuotes: hasBreaks };
  const quoted = values.filter((value) => QUOTED.test(value));
  const isAll = quoted.length === values.filter((value) => value !== '').length;
  return {
    hasQuotes: true,
    needsQuotes: hasBreaks || (isHeader && isAll) || quoted.some((value) => /,|""/.test(value.slice(1, -1))),
  };
}

/** A value in quotes, with each one inside written twice. */
const QUOTED = /^"(?:[^"]|"")*"$/;
