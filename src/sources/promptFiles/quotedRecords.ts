import Papa from 'papaparse';
import type { TableRecord } from './table.ts';
import { maxRowChars, readText, type TextFile } from './text.ts';

interface QuotedRecordsConfig {
  delimiter: string;
  /** Leaves out the first line, which is no record. Default false. */
  skipsFirst?: boolean;
}

/**
 * Reads all records of a file of values in optional quotes, in batches. Stops at a quote that is
 * never closed.
 */
export async function* quotedRecords(
  file: TextFile,
  { delimiter, skipsFirst = false }: QuotedRecordsConfig,
): AsyncGenerator<readonly TableRecord[], void, void> {
  const parser = new Papa.Parser({ delimiter, newline: '\n' });
  let line = 1;
  let open = '';
  let skipped = !skipsFirst;
  for await (const chunk of readText(file)) {
    let text = open + chunk;
    if (!skipped) {
      open = text;
      const [blankAndFirst] = /^\s*\S[^\n]*\n/.exec(text) ?? [];
      if (blankAndFirst === undefined) continue;
      line += lineEndsIn(blankAndFirst, blankAndFirst.length);
      text = text.slice(blankAndFirst.length);
      skipped = true;
    }
    const parsed: Papa.ParseResult<string[]> = parser.parse(text, 0, true);
    yield numbered(parsed, line);
    line += lineEndsIn(text, parsed.meta.cursor);
    open = text.slice(parsed.meta.cursor);
    if (open.length <= maxRowChars) continue;
    yield [{ line, values: [], fault: tooLong }];
    return;
  }
  if (skipped) yield numbered(parser.parse(open, 0, false), line);
}

// Where it is closed is not looked for: the rest of the file may be behind the quote.
const tooLong = `Expected a row of at most ${maxRowChars} characters: a value that begins with " here is longer, or never closed`;
const openQuote = 'a value that begins with " here is never closed';

function numbered(parsed: Papa.ParseResult<string[]>, firstLine: number): TableRecord[] {
  // Reversed, so that the first fault of a row wins: the others follow from it.
  const faults = new Map(parsed.errors.toReversed().map(({ row, code }) => [row, code]));
  const records: TableRecord[] = [];
  let line = firstLine;
  parsed.data.forEach((values, row) => {
    const code = faults.get(row);
    records.push({ line, values, fault: code === undefined ? null : faultOf(code) });
    line += 1;
    for (const value of values) if (value.includes('\n')) line += lineEndsIn(value, value.length);
  });
  return records;
}

function faultOf(code: string): string {
  return code === 'MissingQuotes'
    ? `Expected a closing ": ${openQuote}`
    : 'Expected a delimiter after the closing "; write "" for a " inside a quoted value';
}

function lineEndsIn(text: string, end: number): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}
