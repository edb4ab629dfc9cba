import Papa from 'papaparse';
import { maxRowChars } from './maxRowChars.ts';
import { readText } from './readText.ts';

/** One record of a CSV file. */
export interface CsvRecord {
  /** 1-based line on which it begins; quoted values may hold line ends, so records and lines do not count alike. */
  readonly line: number;
  readonly values: readonly string[];
  /** What is wrong with its quotes, or null. */
  readonly fault: string | null;
}

/** All records of a CSV file that are not blank, in batches. After a quote that is never closed there are no more. */
export async function* readCsvRecords(
  path: string,
  delimiter: string,
): AsyncGenerator<readonly CsvRecord[], void, void> {
  const parser = new Papa.Parser({ delimiter, newline: '\n' });
  let line = 1;
  let open = '';
  for await (const chunk of readText(path)) {
    const text = open + chunk;
    const parsed: Papa.ParseResult<string[]> = parser.parse(text, 0, true);
    yield numbered(parsed, line);
    line += lineEndsIn(text, parsed.meta.cursor);
    open = text.slice(parsed.meta.cursor);
    if (open.length <= maxRowChars) continue;
    yield [{ line, values: [], fault: `Expected a row of at most ${maxRowChars} characters: ${openQuote}` }];
    return;
  }
  yield numbered(parser.parse(open, 0, false), line);
}

const openQuote = 'a value that begins with " here is not closed by another "';

function numbered(parsed: Papa.ParseResult<string[]>, firstLine: number): CsvRecord[] {
  // Reversed, so that the first fault of a row stays: the others follow from it.
  const faults = new Map(parsed.errors.toReversed().map(({ row, code }) => [row, code]));
  const records: CsvRecord[] = [];
  let line = firstLine;
  parsed.data.forEach((values, row) => {
    const code = faults.get(row);
    const isBlank = values.length === 1 && values[0]?.trim() === '';
    if (!isBlank) records.push({ line, values, fault: code === undefined ? null : faultOf(code) });
    line += 1;
    for (const value of values) if (value.includes('\n')) line += lineEndsIn(value, value.length);
  });
  return records;
}

function faultOf(code: string): string {
  return code === 'MissingQuotes'
    ? `Expected a closing ": ${openQuote}`
    : 'Expected a closing " to be followed by a delimiter; a " inside a quoted value is written twice';
}

function lineEndsIn(text: string, end: number): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}
