import { quotedRecords } from './quotedRecords.ts';
import type { RowItem } from './rows.ts';
import { isPromptName, tableRows } from './table.ts';
import { readLines, type TextFile } from './text.ts';
import { tsvRows } from './tsv.ts';

/**
 * Reads the rows of a CSV file with a header. The header decides between comma, semicolon, tab and
 * `|`, unless a first line such as `sep=;`, which spreadsheets write and read, names the delimiter.
 */
export async function* csvRows(file: TextFile): AsyncGenerator<RowItem, void, void> {
  const { delimiter, isNamed } = await findDelimiter(file);
  if (delimiter === '\t' && !isNamed) return yield* tsvRows(file);
  yield* tableRows(file.path, quotedRecords(file, { delimiter, skipsFirst: isNamed }));
}

const DELIMITERS = [',', ';', '\t', '|'];
/** Stands for no delimiter: a character that texts do not have. */
const NONE = '\u001F';

interface Delimiter {
  readonly delimiter: string;
  /** True if the first line names it, and is no header. */
  readonly isNamed: boolean;
}

async function findDelimiter(file: TextFile): Promise<Delimiter> {
  for await (const { lines } of readLines(file)) {
    const header = firstRecordOf(lines);
    const [, named] = /^"?sep=(.)"?[;,\t]*$/i.exec(header.trimStart()) ?? [];
    if (named !== undefined) return { delimiter: named, isNamed: true };
    return { delimiter: delimiterOf(header), isNamed: false };
  }
  return { delimiter: NONE, isNamed: false };
}

/** Returns the first record that is not blank: its names may be quoted and have line ends. */
function firstRecordOf(lines: readonly (string | null)[]): string {
  const first = lines.findIndex((line) => line !== null && line.trim() !== '');
  let record = lines[first] ?? '';
  for (const line of lines.slice(first + 1)) {
    if (record.split('"').length % 2 === 1) break;
    record += `\n${line ?? ''}`;
  }
  return record;
}

/**
 * Returns the delimiter that makes a column `prompt` of a part of the header, or else the first
 * that occurs in it outside of quotes. If none does, the file has one column, whose prompts may
 * have commas.
 */
function delimiterOf(header: string): string {
  const unquoted = header.replaceAll(/"(?:[^"]|"")*"/g, (name) => name.replaceAll(/["',;\t|]/g, ''));
  const present = DELIMITERS.filter((delimiter) => unquoted.includes(delimiter));
  return present.find((one) => unquoted.split(one).some(isPromptName)) ?? present[0] ?? NONE;
}
