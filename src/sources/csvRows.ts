import { UsageError } from '../errors.ts';
import type { RowItem } from './Row.ts';
import { type CsvRecord, readCsvRecords } from './readCsvRecords.ts';
import { readLines } from './readLines.ts';
import { textDamage } from './textDamage.ts';

/** Where the values of a record belong. */
interface CsvHeader {
  readonly columns: readonly string[];
  readonly promptColumn: number;
}

/**
 * The rows of a CSV file with a header: the column `prompt` (in any letter case) and any others, as texts.
 * Where no delimiter is named, the header shows whether it is a comma, a semicolon or a tab.
 */
export async function* csvRows(path: string, delimiter?: string): AsyncGenerator<RowItem, void, void> {
  let header: CsvHeader | null = null;
  for await (const records of readCsvRecords(path, delimiter ?? (await findDelimiter(path)))) {
    for (const record of records) {
      if (header === null) header = readHeader(path, record);
      else yield rowFromRecord(record, header);
    }
  }
}

function readHeader(path: string, { values }: CsvRecord): CsvHeader {
  const columns = values.map((name) => name.trim());
  const promptColumn = columns.findIndex((name) => name.toLowerCase() === 'prompt');
  const twice = columns.find((name, place) => columns.indexOf(name) !== place);
  if (promptColumn === -1) {
    throw new UsageError(
      `${path}: Expected a column named prompt in the header, got ${columns.slice(0, 20).join(', ').slice(0, 400)}`,
      { suggestion: 'Give the first line the column names; the prompts stand in the column prompt.' },
    );
  }
  if (twice !== undefined) throw new UsageError(`${path}: Expected each column once, got ${twice} twice`);
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
  for (const [place, name] of columns.entries()) {
    const value = values[place] ?? '';
    const damage = textDamage(value);
    if (damage !== null) return problem(damage);
    if (place !== promptColumn) fields[name] = value;
  }
  return { type: 'row', line, prompt, fields, text: true };
}

async function findDelimiter(path: string): Promise<string> {
  for await (const { lines } of readLines(path)) {
    const header = lines.find((line) => line !== null && line.trim() !== '') ?? '';
    return [',', ';', '\t'].find((delimiter) => header.includes(delimiter)) ?? ',';
  }
  return ',';
}
