import { messageOf } from '../../base/text.ts';
import { UsageError } from '../../errors.ts';
import { parseExactJson } from '../modelInputs/exactNumbers.ts';
import { keyOfTwo, keyTwice } from './json.ts';
import { jsonLineHint } from './jsonFaults.ts';
import { type RowItem, rowFromText, rowFromValue } from './rows.ts';
import { isPromptName } from './table.ts';
import { readLines, type TextFile } from './text.ts';
import { tsvRows } from './tsv.ts';

/** Reads the rows of a `.jsonl` file: one JSON text or object per line. Skips blank lines. */
export async function* jsonLinesRows(file: TextFile): AsyncGenerator<RowItem, void, void> {
  for await (const { firstLine, lines } of readLines(file)) {
    let line = firstLine;
    for (const text of lines) {
      const item = rowFromJson(line, text);
      if (item !== null) yield item;
      line += 1;
    }
  }
}

function rowFromJson(line: number, text: string | null): RowItem | null {
  const plain = rowFromText(line, text);
  if (plain?.type !== 'row' || plain.prompt === null) return plain;
  try {
    const value = parseExactJson(plain.prompt);
    const item = rowFromValue(line, value);
    // Now it is known not to be too deep.
    const isSound = item.type === 'problem' || !mayHaveKeyTwice(plain.prompt, value);
    const twice = isSound ? null : keyOfTwo(plain.prompt);
    return twice === null ? item : { type: 'problem', line, message: keyTwice(twice) };
  } catch (error) {
    const reason = messageOf(error);
    return {
      type: 'problem',
      line,
      message: `The line is not valid JSON: ${clipped(reason)}${jsonLineHint(plain.prompt)}`,
    };
  }
}

/** Returns false if a JSON text has as many names before a colon as its value has keys. */
function mayHaveKeyTwice(text: string, value: unknown): boolean {
  return (text.match(/"\s*:/g)?.length ?? 0) > keysIn(value);
}

function keysIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce((sum: number, each) => sum + keysIn(each), own);
}

async function isTable(file: TextFile): Promise<boolean> {
  for await (const { lines } of readLines(file)) {
    const first = lines.find((line) => line === null || line.trim() !== '');
    if (first === undefined) continue;
    const [delimiter] = ['\t', ',', ';', '|'].filter((one) => hasPromptColumn(first ?? '', one));
    if (delimiter !== undefined && delimiter !== '\t') {
      throw new UsageError(`${file.path}: Expected one prompt per line, got the header of a table`, {
        suggestion: 'Name the file .csv.',
      });
    }
    return delimiter === '\t';
  }
  return false;
}

/** Returns true for a line of several short names, one of which is `prompt`. */
function hasPromptColumn(line: string, delimiter: string): boolean {
  const names = line.slice(0, 2_000).split(delimiter);
  return names.length > 1 && names.every((name) => name.length <= 40) && names.some(isPromptName);
}

/** Shortens a message of the parser, which may quote a long line. */
function clipped(reason: string): string {
  return reason.length <= 200 ? reason : `${reason.slice(0, 200)}…`;
}

/**
 * Reads the rows of a `.txt` file: one prompt per line. Skips blank lines. A line that begins with
 * `#` is a mistake, because it is a comment in most files; `\#` begins a prompt with `#`. If the
 * first line is the header of a table, it is one: Excel saves *Unicode text* with this name. Throws
 * `UsageError` if its values are not separated by tabs.
 */
export async function* txtRows(file: TextFile): AsyncGenerator<RowItem, void, void> {
  if (await isTable(file)) return yield* tsvRows(file);
  for await (const { firstLine, lines } of readLines(file)) {
    let line = firstLine;
    for (const text of lines) {
      const item = withoutComment(rowFromText(line, text));
      if (item !== null) yield item;
      line += 1;
    }
  }
}

const COMMENT =
  'Expected a prompt, got a line that begins with #: a .txt file has no comments. Delete the line; if it is a prompt, begin it with \\#';

/** Refuses a line that was probably not meant to be paid for. */
function withoutComment(item: RowItem | null): RowItem | null {
  if (item?.type !== 'row' || item.prompt === null) return item;
  if (item.prompt.startsWith('#')) return { type: 'problem', line: item.line, message: COMMENT };
  return item.prompt.startsWith('\\#') ? { ...item, prompt: item.prompt.slice(1) } : item;
}
