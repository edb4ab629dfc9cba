import type { RowItem } from './Row.ts';
import { readLines } from './readLines.ts';
import { yamlBlockRows } from './yamlBlockRows.ts';
import { yamlDocumentRows } from './yamlDocumentRows.ts';

/** The rows of a YAML file: a list of texts or objects. The usual form, `- ` at the line's beginning, is streamed. */
export async function* yamlRows(path: string): AsyncGenerator<RowItem, void, void> {
  yield* (await isBlockList(path)) ? yamlBlockRows(path) : yamlDocumentRows(path);
}

async function isBlockList(path: string): Promise<boolean> {
  for await (const { lines } of readLines(path)) {
    const first = lines.find((line) => line === null || !/^(\s*(#.*)?|%.*|---\s*(#.*)?)$/.test(line));
    if (first !== undefined) return first !== null && /^-(\s|$)/.test(first);
  }
  return false;
}
