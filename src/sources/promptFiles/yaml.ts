import { isNode, isSeq, LineCounter, parseDocument } from 'yaml';
import { UsageError } from '../../errors.ts';
import { type RowItem, rowFromValue } from './rows.ts';
import { maxRowChars, readLines, readText, type TextFile } from './text.ts';
import { readUsualItem } from './yamlItem.ts';

/**
 * Reads the rows of a YAML file: a list of texts or objects. The usual form, `- ` at the start of a
 * line, is streamed.
 */
export async function* yamlRows(file: TextFile): AsyncGenerator<RowItem, void, void> {
  yield* (await isBlockList(file)) ? yamlBlockRows(file) : yamlDocumentRows(file);
}

async function isBlockList(file: TextFile): Promise<boolean> {
  for await (const { lines } of readLines(file)) {
    const first = lines.find((line) => line === null || !/^(\s*(#.*)?|%.*|---\s*(#.*)?)$/.test(line));
    if (first !== undefined) return first !== null && /^-(\s|$)/.test(first);
  }
  return false;
}

/** The lines of one list item. */
interface YamlItem {
  readonly line: number;
  readonly lines: string[];
  chars: number;
}

/**
 * Reads a YAML list whose items begin with `- ` at the start of a line. Everything else in an item
 * is indented, so the file is cut at these lines and each item is parsed alone (anchors work within
 * an item only).
 */
async function* yamlBlockRows(file: TextFile): AsyncGenerator<RowItem, void, void> {
  let item: YamlItem | null = null;
  for await (const { firstLine, lines } of readLines(file)) {
    for (const [index, text] of lines.entries()) {
      if (text !== null && isBetweenItems(text)) continue;
      if (text !== null && item !== null && !/^-(\s|$)/.test(text)) {
        append(item, text);
        continue;
      }
      if (item !== null) yield rowFromItem(item);
      item = { line: firstLine + index, lines: [], chars: 0 };
      append(item, text);
    }
  }
  if (item !== null) yield rowFromItem(item);
}

/** Returns true for directives, document markers and comments at the start of a line. */
function isBetweenItems(text: string): boolean {
  return /^(%|#|---\s*$|\.\.\.\s*$)/.test(text);
}

/**
 * Appends a line to an item. An item that is too long is only counted, so that it cannot fill the
 * memory.
 */
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
  const usual = readUsualItem(lines);
  if (usual !== undefined) return rowFromValue(line, usual);
  const document = parseDocument(lines.join('\n'), { prettyErrors: true });
  const error = document.errors[0];
  if (error !== undefined) {
    const errorLine = line + (error.linePos?.[0].line ?? 1) - 1;
    return {
      type: 'problem',
      line: errorLine,
      message: `Invalid YAML: ${firstLineOf(error.message)}`,
    };
  }
  const value: unknown = document.toJS();
  return rowFromValue(line, Array.isArray(value) ? value[0] : value);
}

/** Removes the source excerpt and the position within the item from a message of the parser. */
function firstLineOf(message: string): string {
  return (message.split('\n', 1)[0] ?? message).replace(/ at line \d+, column \d+:?$/, '');
}

const maxBytes = 16 * 1024 * 1024;

/**
 * Reads a YAML list of any form (`[a, b]`, indented, with anchors). It is parsed as a whole, up to
 * 16 MB.
 */
async function* yamlDocumentRows(file: TextFile): AsyncGenerator<RowItem, void, void> {
  const { path, bytes } = file;
  if (bytes > maxBytes) {
    throw new UsageError(
      `${path}: Expected at most 16 MB of YAML in this form, got ${Math.ceil(bytes / 2 ** 20)} MB`,
      {
        suggestion:
          'Begin each item with "- " at the start of a line, or use JSONL: one JSON value per line.',
      },
    );
  }
  let text = '';
  for await (const chunk of readText(file)) text += chunk;
  yield* rowsOf(path, text);
}

function* rowsOf(path: string, text: string): Generator<RowItem, void, void> {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  for (const { pos, message } of document.errors) {
    yield {
      type: 'problem',
      line: lineCounter.linePos(pos[0]).line,
      message: `Invalid YAML: ${message}`,
    };
  }
  if (document.errors.length > 0) return;
  const { contents } = document;
  if (contents === null) return;
  if (!isSeq(contents)) {
    throw new UsageError(`${path}: Expected a list of prompts, got ${kindOf(contents)}`, {
      suggestion: 'Put each prompt on a line of its own that begins with "- ".',
    });
  }
  const values: unknown = document.toJS();
  if (!Array.isArray(values)) return;
  for (const [index, value] of values.entries()) {
    yield rowFromValue(lineOf(contents.items[index], lineCounter), value);
  }
}

function lineOf(node: unknown, lineCounter: LineCounter): number {
  const offset = isNode(node) ? node.range?.[0] : undefined;
  return offset === undefined ? 1 : lineCounter.linePos(offset).line;
}

function kindOf(contents: object): string {
  return 'items' in contents ? 'keys and values' : 'a single value';
}
