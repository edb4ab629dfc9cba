import { stat } from 'node:fs/promises';
import { isNode, isSeq, LineCounter, parseDocument } from 'yaml';
import { UsageError } from '../errors.ts';
import type { RowItem } from './Row.ts';
import { readText } from './readText.ts';
import { rowFromValue } from './rowFromValue.ts';

const maxBytes = 16 * 1024 * 1024;

/** The rows of a YAML list in any form (`[a, b]`, indented, with anchors). It is parsed as a whole, up to 16 MB. */
export async function* yamlDocumentRows(path: string): AsyncGenerator<RowItem, void, void> {
  const { size } = await stat(path);
  if (size > maxBytes) {
    throw new UsageError(
      `${path}: Expected at most 16 MB of YAML in this form, got ${Math.ceil(size / 2 ** 20)} MB`,
      {
        suggestion:
          'Begin each item with "- " at the beginning of its line, or use JSONL: a JSON value a line.',
      },
    );
  }
  let text = '';
  for await (const chunk of readText(path)) text += chunk;
  yield* rowsOf(path, text);
}

function* rowsOf(path: string, text: string): Generator<RowItem, void, void> {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  for (const { pos, message } of document.errors) {
    yield {
      type: 'problem',
      line: lineCounter.linePos(pos[0]).line,
      message: `Expected valid YAML: ${message}`,
    };
  }
  if (document.errors.length > 0) return;
  const { contents } = document;
  if (contents === null) return;
  if (!isSeq(contents)) {
    throw new UsageError(`${path}: Expected a list of prompts, got ${kindOf(contents)}`, {
      suggestion: 'Begin each prompt with "- " on a line of its own.',
    });
  }
  const values: unknown = document.toJS();
  if (!Array.isArray(values)) return;
  for (const [place, value] of values.entries()) {
    yield rowFromValue(lineOf(contents.items[place], lineCounter), value);
  }
}

function lineOf(node: unknown, lineCounter: LineCounter): number {
  const offset = isNode(node) ? node.range?.[0] : undefined;
  return offset === undefined ? 1 : lineCounter.linePos(offset).line;
}

function kindOf(contents: object): string {
  return 'items' in contents ? 'keys and values' : 'a single value';
}
