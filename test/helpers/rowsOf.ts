import { openPromptFile } from '../../src/sources/promptFiles/promptFile.ts';
import type { RowItem } from '../../src/sources/promptFiles/rows.ts';
import { collect } from './collect.ts';
import { tempFile } from './tempFile.ts';

/** All rows of a prompt file with this content. */
export async function rowsOf(name: string, content: string | Uint8Array): Promise<RowItem[]> {
  const file = await openPromptFile(await tempFile(name, content));
  return collect(file.rows());
}

/** The rows in short: `[line, prompt]`, or `[line, Error]` with the problem's message. */
export async function shortRowsOf(
  name: string,
  content: string | Uint8Array,
): Promise<[number, string | Error][]> {
  const rows = await rowsOf(name, content);
  return rows.map((row) => [row.line, row.type === 'row' ? (row.prompt ?? '') : new Error(row.message)]);
}
