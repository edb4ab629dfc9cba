import { parseDocument } from 'yaml';
import { maxRowChars } from './maxRowChars.ts';
import type { RowItem } from './Row.ts';
import { readLines } from './readLines.ts';
import { rowFromValue } from './rowFromValue.ts';

/** The lines of one list item. */
interface YamlItem {
  readonly line: number;
  readonly lines: string[];
  chars: number;
}

/**
 * The rows of a YAML list whose items begin with `- ` at the line's beginning. Everything that belongs to an item is
 * indented, so the file can be cut at these lines and each piece be parsed alone (anchors reach no other item).
 */
export async function* yamlBlockRows(path: string): AsyncGenerator<RowItem, void, void> {
  let item: YamlItem | null = null;
  for await (const { firstLine, lines } of readLines(path)) {
    for (const [place, text] of lines.entries()) {
      if (text !== null && isBetweenItems(text)) continue;
      if (text !== null && item !== null && !/^-(\s|$)/.test(text)) {
        append(item, text);
        continue;
      }
      if (item !== null) yield rowFromItem(item);
      item = { line: firstLine + place, lines: [], chars: 0 };
      append(item, text);
    }
  }
  if (item !== null) yield rowFromItem(item);
}

/** Directives, document marks and comments at the line's beginning. */
function isBetweenItems(text: string): boolean {
  return /^(%|#|---\s*$|\.\.\.\s*$)/.test(text);
}

/** Counts what it does not keep, so that an endless item does not fill the memory. */
function append(item: YamlItem, text: string | null): void {
  item.chars += text === null ? maxRowChars + 1 : text.length + 1;
  if (item.chars > maxRowChars) item.lines.length = 0;
  else item.lines.push(text ?? '');
}

function rowFromItem({ line, lines, chars }: YamlItem): RowItem {
  if (chars > maxRowChars) {
    const message = `Expected an item of at most ${maxRowChars} characters, got a longer one`;
    return { type: 'problem', line, message };
  }
  const document = parseDocument(lines.join('\n'), { prettyErrors: true });
  const error = document.errors[0];
  if (error !== undefined) {
    const errorLine = line + (error.linePos?.[0].line ?? 1) - 1;
    return {
      type: 'problem',
      line: errorLine,
      message: `Expected valid YAML: ${firstLineOf(error.message)}`,
    };
  }
  const value: unknown = document.toJS();
  return rowFromValue(line, Array.isArray(value) ? value[0] : value);
}

/** Without the source excerpt and the place within the piece. */
function firstLineOf(message: string): string {
  return (message.split('\n', 1)[0] ?? message).replace(/ at line \d+, column \d+:?$/, '');
}
