import { messageOf } from '../../base/text.ts';
import { parseExactJson } from '../modelInputs/exactNumbers.ts';
import { type RowItem, rowFromText, rowFromValue } from './rows.ts';
import { readLines, type TextFile } from './text.ts';

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
    return rowFromValue(line, parseExactJson(plain.prompt));
  } catch (error) {
    const reason = messageOf(error);
    return { type: 'problem', line, message: `The line is not valid JSON: ${clipped(reason)}` };
  }
}

/** Shortens a message of the parser, which may quote a long line. */
function clipped(reason: string): string {
  return reason.length <= 200 ? reason : `${reason.slice(0, 200)}…`;
}

/** Reads the rows of a `.txt` file: one prompt per line. Skips blank lines. */
export async function* txtRows(file: TextFile): AsyncGenerator<RowItem, void, void> {
  for await (const { firstLine, lines } of readLines(file)) {
    let line = firstLine;
    for (const text of lines) {
      const item = rowFromText(line, text);
      if (item !== null) yield item;
      line += 1;
    }
  }
}
