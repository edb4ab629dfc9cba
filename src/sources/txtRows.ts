import type { RowItem } from './Row.ts';
import { readLines } from './readLines.ts';
import { rowFromText } from './rowFromText.ts';

/** The rows of a `.txt` file: a prompt a line, blank lines are passed over. */
export async function* txtRows(path: string): AsyncGenerator<RowItem, void, void> {
  for await (const { firstLine, lines } of readLines(path)) {
    let line = firstLine;
    for (const text of lines) {
      const item = rowFromText(line, text);
      if (item !== null) yield item;
      line += 1;
    }
  }
}
