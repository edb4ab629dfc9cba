import Papa from 'papaparse';
import { UsageError } from '../../errors.ts';
import { encodingFault, type RowItem } from './rows.ts';
import { maxRowChars, readLines, readText, type TextFile } from './text.ts';

/** The columns of a file, and the index of the one that has the prompts. */
interface CsvHeader {
  readonly columns: readonly string[];
  readonly promptColumn: number;
}

/**
 * Reads the rows of a CSV file with a header: the column `prompt` (in any letter case) and any
 * others, as texts. Without a given delimiter, the header decides between comma, semicolon and tab.
 */
export async function* csvRows(file: TextFile, delimiter?: string): AsyncGenerator<RowItem, void, void> {
  let header: CsvHeader | null = null;
  for await (const records of readCsvRecords(file, delimiter ?? (await findDelimiter(file)))) {
    for (const record of records) {
      if (header === null) header = readHeader(file.path, record);
      else yield rowFromRecord(record, header);
    }
  }
}

function readHeader(path: string, { values }: CsvRecord): CsvHeader {
  const columns = values.map((name) => name.trim());
  const promptColumn = columns.findIndex((name) => name.toLowerCase() === 'prompt');
  const twice = columns.find((name, index) => columns.indexOf(name) !== index);
  if (promptColumn === -1) {
    throw new UsageError(
      `${path}: Expected a column named prompt in the header, got ${columns.slice(0, 20).join(', ').slice(0, 400)}`,
      { suggestion: 'Put the column names on the first line, and the prompts in a column named prompt.' },
    );
  }
  if (twice !== undefined) throw new UsageError(`${path}: The header has the column ${twice} twice`);
  return { columns, promptColumn };
}

function rowFromRecord({ line, values, fault }: CsvRecord, { columns, promptColumn }: CsvHeader): RowItem {
  const problem = (message: string): RowItem => ({ type: 'problem', line, message });
  if (fault !== null) return problem(fault);
  if (values.length !== columns.length) {
    return problem(`Expected ${columns.length} values (${columns.join(', ')}), got ${values.length}`);
  }
  const prompt = values[promptColumn]?.trim() ?? '';
  if (prompt === '') return problem('Expected a prompt, got an empty value');
  const fields: Record<string, string> = {};
  for (const [index, name] of columns.entries()) {
    const value = values[index] ?? '';
    const damage = encodingFault(value);
    if (damage !== null) return problem(damage);
    if (index !== promptColumn) fields[name] = value;
  }
  return { type: 'row', line, prompt, fields, text: true };
}

async function findDelimiter(file: TextFile): Promise<string> {
  for await (const { lines } of readLines(file)) {
    const header = lines.find((line) => line !== null && line.trim() !== '') ?? '';
    return [',', ';', '\t'].find((delimiter) => header.includes(delimiter)) ?? ',';
  }
  return ',';
}

/** One record of a CSV file. */
interface CsvRecord {
  /**
   * 1-based line on which it begins. Quoted values may contain line ends, so a record may span
   * several lines.
   */
  readonly line: number;
  readonly values: readonly string[];
  /** Describes a mistake in its quotes; null if there is none. */
  readonly fault: string | null;
}

/**
 * Reads all records of a CSV file that are not blank, in batches. Stops at a quote that is never
 * closed.
 */
async function* readCsvRecords(
  file: TextFile,
  delimiter: string,
): AsyncGenerator<readonly CsvRecord[], void, void> {
  const parser = new Papa.Parser({ delimiter, newline: '\n' });
  let line = 1;
  let open = '';
  for await (const chunk of readText(file)) {
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

const openQuote = 'a value that begins with " here is never closed';

function numbered(parsed: Papa.ParseResult<string[]>, firstLine: number): CsvRecord[] {
  // Reversed, so that the first fault of a row wins: the others follow from it.
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
    : 'Expected a delimiter after the closing "; write "" for a " inside a quoted value';
}

function lineEndsIn(text: string, end: number): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}
