import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { from, isObservable, lastValueFrom, type Observable, take, takeUntil, toArray } from 'rxjs';
import { abortOf } from '../../base/fromAbortable.ts';
import { canonicalJson } from '../../base/modelInput.ts';
import { isBytes, shown } from '../../base/text.ts';
import { UsageError } from '../../errors.ts';
import { bytesShown } from '../../sources/modelInputs/describeInput.ts';
import { fillPrompts } from '../../sources/promptFiles/fillPrompts.ts';
import { openPromptFile, type PromptFile } from '../../sources/promptFiles/promptFile.ts';
import { type RowItem, rowFromValue } from '../../sources/promptFiles/rows.ts';
import type { RunInput } from '../../store/runFile.ts';
import type { Json } from '../../types.ts';

/**
 * A prompt, or a row: a prompt with inputs of its own for the model. Fields that the model does not
 * have are tags. All values must be those of JSON, also in an object of an interface or class,
 * where only the run can check it; `undefined` counts as left out.
 */
export type PromptRow = string | { readonly [field: string]: Json | undefined } | { readonly prompt: string };

/**
 * The prompts of a run: a list or any other iterable, also an async one, an Observable, or the path
 * of a prompt file. All but a file are read to their end, or up to `limit`, before anything is
 * created, as a run must know how many images it makes.
 */
export type Prompts =
  // A text is iterable, too, but no list of prompts.
  (Iterable<PromptRow> & object) | AsyncIterable<PromptRow> | Observable<PromptRow> | PromptsOfFile;

/** A prompt file, by its path. */
export interface PromptsOfFile {
  readonly file: string;
  /**
   * A prompt with names of columns in braces, `photo of {name}, {colour}`, from which each row's
   * prompt is made. Default: the column, or key, `prompt`.
   */
  readonly prompt?: string;
}

/** Prompts that can be read several times. */
export interface OpenPrompts {
  readonly file: PromptFile;
  /** Base of the relative paths in a row. */
  readonly folder: string;
  readonly input: RunInput;
}

interface ReadingConfig {
  /** Ends the reading, which rejects with its reason: a list may never end. Default: never. */
  readonly signal?: AbortSignal;
  /** Prompts to read at most. Default: all. */
  readonly limit?: number | undefined;
}

/**
 * Opens the prompts of a run. Rejects with `UsageError` if they are no such list or file, with the
 * list's own error if reading it fails.
 */
export async function openPrompts(prompts: Prompts, reading: ReadingConfig = {}): Promise<OpenPrompts> {
  if (typeof prompts !== 'object' || prompts === null) {
    const got = typeof prompts === 'string' ? 'a text' : String(prompts);
    throw new UsageError(`Expected a list of prompts, got ${got}`, {
      suggestion: 'Put the prompt into a list: [prompt]. A file is { file: path }.',
    });
  }
  if (isPromptFile(prompts)) {
    const opened = await openPromptFile(prompts.file).catch(withoutStandardInput);
    const file = prompts.prompt === undefined ? opened : fillPrompts(opened, prompts.prompt);
    return { file, folder: dirname(prompts.file), input: { path: file.path, sha256: file.sha256 } };
  }
  const values = await readRows(prompts, reading);
  if (values.length === 0 && reading.limit !== 0) throw noPrompts();
  const rows = values.map((row, at) => notJson(at + 1, row) ?? rowFromValue(at + 1, withoutUndefined(row)));
  const content = rows.map((row) => (row.type === 'row' ? [row.prompt, row.fields] : [row.message]));
  const sha256 = createHash('sha256').update(canonicalJson(content)).digest('hex');
  const file: PromptFile = {
    path: 'prompts',
    sha256,
    hasChanged: async () => false,
    rows: () => items(rows),
  };
  return { file, folder: process.cwd(), input: { path: null, sha256 } };
}

function noPrompts(): UsageError {
  return new UsageError('Expected at least one prompt, got an empty list', {
    suggestion: "Give prompts as ['a red fox', { prompt: 'an owl', num_outputs: 2 }].",
  });
}

/** Programs have no standard input to pass as `-`. */
function withoutStandardInput(error: unknown): never {
  if (!(error instanceof UsageError) || !error.suggestion.includes('standard input')) throw error;
  const suggestion = 'Check the path: it is relative to the folder in which the program was started.';
  throw new UsageError(error.message, { suggestion, cause: error.cause });
}

const OF_NO_JSON = ['bigint', 'function', 'symbol'];

/** Returns the problem of a row with a value that JSON does not have; null if it has none. */
function notJson(line: number, row: unknown): RowItem | null {
  if (typeof row !== 'object' || row === null) return null;
  for (const [name, value] of Object.entries(row)) {
    const items = Array.isArray(value) ? value.map((item, at) => [`${name}[${at}]`, item]) : [[name, value]];
    const wrong = items.map(([path, item]) => [path, otherThanJson(item)]).find(([, got]) => got !== null);
    if (wrong !== undefined) {
      const [path, got] = wrong;
      return { type: 'problem', line, message: `Expected \`${path}\` to be a value of JSON, got ${got}` };
    }
  }
  return null;
}

/** Names a value that JSON does not have; null for one that it may have. */
function otherThanJson(value: unknown): string | null {
  if (OF_NO_JSON.includes(typeof value)) return shown(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  if (isBytes(value)) return bytesShown;
  const kind = Object.prototype.toString.call(value).slice('[object '.length, -1);
  return kind === 'Object' ? null : `an object of the kind ${kind}`;
}

/** Leaves out fields without a value, as optional fields of an interface may be. */
function withoutUndefined(row: PromptRow): unknown {
  if (typeof row !== 'object' || row === null) return row;
  const fields = Object.entries(row);
  return fields.some(([, value]) => value === undefined)
    ? Object.fromEntries(fields.filter(([, value]) => value !== undefined))
    : row;
}

function isPromptFile(prompts: Prompts): prompts is PromptsOfFile {
  return 'file' in prompts && typeof prompts.file === 'string' && !isObservable(prompts);
}

async function readRows(
  prompts: Exclude<Prompts, PromptsOfFile>,
  { signal, limit = Number.POSITIVE_INFINITY }: ReadingConfig,
): Promise<readonly PromptRow[]> {
  if (!isObservable(prompts) && !(Symbol.iterator in prompts) && !(Symbol.asyncIterator in prompts)) {
    throw new UsageError('Expected a list of prompts, an async iterable, an Observable or { file }', {
      suggestion: "Give prompts as ['a red fox', { prompt: 'an owl', num_outputs: 2 }].",
    });
  }
  const rows = await lastValueFrom(from(prompts).pipe(take(limit), takeUntil(abortOf(signal)), toArray()));
  // A part of the prompts is not the input of a run: its folder would refuse all of them later.
  signal?.throwIfAborted();
  return rows;
}

async function* items(rows: readonly RowItem[]): AsyncGenerator<RowItem, void, void> {
  yield* rows;
}
