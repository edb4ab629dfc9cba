import { UsageError } from '../../errors.ts';
import { cellText } from '../modelInputs/spreadsheetText.ts';
import { encodingFault, type RowItem } from './rows.ts';

/** One record of a table: the values of a line of a CSV or TSV file, or of a row of a sheet. */
export interface TableRecord {
  /**
   * 1-based line on which it begins. Quoted values may contain line ends, so a record may span
   * several lines.
   */
  readonly line: number;
  readonly values: readonly string[];
  /** Describes a mistake in its quotes; null if there is none. */
  readonly fault: string | null;
}

/** A column that has a name. */
interface Column {
  readonly name: string;
  readonly index: number;
}

/** The columns of a table, and the index of the one that has the prompts. */
interface TableHeader {
  readonly columns: readonly Column[];
  /** Null if the table has no prompts, as those for upscalers. */
  readonly promptColumn: number | null;
}

/**
 * Reads the rows of a table from its records, of which the first is the header: the column `prompt`
 * (in any letter case) and any others, as trimmed texts. Skips blank records. Spreadsheets leave
 * columns without name and values behind: these are ignored.
 *
 * Throws `UsageError` if the header names a column twice, or none.
 */
export async function* tableRows(
  path: string,
  batches: AsyncIterable<readonly TableRecord[]>,
): AsyncGenerator<RowItem, void, void> {
  let header: TableHeader | null = null;
  for await (const records of batches) {
    for (const record of records) {
      if (record.fault === null && isBlank(record)) continue;
      if (header === null) header = readHeader(path, record);
      else yield rowFromRecord(record, header);
    }
  }
}

/** Returns true if all values of a record are blank, as in rows that were emptied. */
export function isBlank({ values }: Pick<TableRecord, 'values'>): boolean {
  return values.every((value) => value.trim() === '');
}

/** Returns true if a column of this name has the prompts. */
export function isPromptName(name: string): boolean {
  return cellText(name).toLowerCase() === 'prompt';
}

function readHeader(path: string, { values, fault }: TableRecord): TableHeader {
  if (fault !== null) throw new UsageError(`${path}: ${fault}`);
  const columns = values.flatMap((value, index) => {
    const name = cellText(value);
    return name === '' ? [] : [{ name, index }];
  });
  const names = columns.map(({ name }) => name.toLowerCase());
  const twice = columns.find(({ name }, at) => names.indexOf(name.toLowerCase()) !== at);
  if (twice !== undefined) {
    const [first = twice] = columns.filter(({ name }) => name.toLowerCase() === twice.name.toLowerCase());
    const both =
      first.name === twice.name
        ? `the column ${twice.name} twice`
        : `the columns ${first.name} and ${twice.name}, which are read as one name`;
    throw new UsageError(`${path}: The header has ${both}`, {
      suggestion: 'Rename or remove one of the two.',
    });
  }
  const promptColumn = columns.find(({ name }) => isPromptName(name))?.index ?? null;
  return { columns, promptColumn };
}

/**
 * The text that spreadsheets show, and save, if a formula fails: `#REF!`, `#N/A`, `#BEZUG!`,
 * `#NAME?`.
 */
const CELL_ERROR = /^#(?:[\p{Lu}\d/]{2,12}[!?]|N\/A|NV|N\/D)$/u;

function rowFromRecord({ line, values, fault }: TableRecord, header: TableHeader): RowItem {
  const { columns, promptColumn } = header;
  const problem = (message: string): RowItem => ({ type: 'problem', line, message });
  const misfit = fault ?? misfitOf(values, columns);
  if (misfit !== null) return problem(misfit);
  const prompt = promptColumn === null ? null : cellText(values[promptColumn] ?? '');
  if (prompt === '') return problem('Expected a prompt, got an empty value');
  if (prompt !== null && CELL_ERROR.test(prompt))
    return problem(`Expected a prompt, got the error ${prompt} of a formula in the spreadsheet`);
  const fields: Record<string, string> = {};
  for (const { name, index } of columns) {
    const value = cellText(values[index] ?? '');
    const damage = encodingFault(value);
    if (damage !== null) return problem(damage);
    if (index !== promptColumn) fields[name] = value;
  }
  return { type: 'row', line, prompt, fields, text: true };
}

/** Describes values that are missing or belong to no column; null if there are none. */
function misfitOf(values: readonly string[], columns: readonly Column[]): string | null {
  const last = columns.at(-1)?.index ?? -1;
  const isNamed = (index: number) => columns.some((column) => column.index === index);
  const isMissing = values.length <= last;
  const isNameless = values.some((value, index) => value.trim() !== '' && !isNamed(index));
  if (!isMissing && !isNameless) return null;
  const names = columns.map(({ name }) => name).join(', ');
  const isTypographic = values.some((value) => /^\s*[“„«]/.test(value));
  const isTooMany = values.length > columns.length && isNameless;
  const quotes = isTooMany ? '; put a value that contains the delimiter in quotation marks (")' : '';
  const hint = isTypographic ? '; put values in straight quotation marks ("), not in “ and ”' : quotes;
  return `Expected ${columns.length} values (${names}), got ${values.length}${hint}`;
}
