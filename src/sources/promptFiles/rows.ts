import { isTooDeep, tooDeep } from '../../base/nesting.ts';
import type { RowProblem } from '../../errors.ts';
import type { Json } from '../../types.ts';
import { maxRowChars } from './text.ts';

/** One prompt of a prompt file, with its other fields. */
export interface Row {
  readonly type: 'row';
  /** 1-based line of the file, on which the row begins. */
  readonly line: number;
  /** The prompt: trimmed, never blank; null if the row has none, as one for an upscaler. */
  readonly prompt: string | null;
  /** The other columns or keys: model inputs and tags. */
  readonly fields: Readonly<Record<string, Json>>;
  /** True if all fields are texts, to be converted as the model's schema asks (CSV, TSV). */
  readonly text: boolean;
}

/**
 * A row that cannot be used. It is an item of the stream of rows, so that reading continues and
 * finds the others too.
 */
export interface BadRow extends RowProblem {
  readonly type: 'problem';
}

export type RowItem = Row | BadRow;

/**
 * Reads an item of a JSON or YAML list: a prompt as text, or an object, which may have a `prompt`
 * (in any letter case).
 */
export function rowFromValue(line: number, value: unknown): RowItem {
  const problem = (message: string): RowItem => ({ type: 'problem', line, message });
  if (typeof value === 'string') return row(line, value, {});
  if (!isObject(value)) return problem(`Expected a text or an object with a prompt, got ${kindOf(value)}`);
  const [promptKey, second] = Object.keys(value).filter(isPromptKey);
  if (second !== undefined)
    return problem(`Expected one prompt, got two: \`${promptKey}\` and \`${second}\``);
  if (isTooDeep(value)) return problem(`Expected ${tooDeep}`);
  if (promptKey === undefined) return { type: 'row', line, prompt: null, fields: value, text: false };
  const { [promptKey]: prompt, ...fields } = value;
  if (typeof prompt !== 'string') return problem(`Expected \`prompt\` to be text, got ${kindOf(prompt)}`);
  return row(line, prompt, fields);
}

function row(line: number, text: string, fields: Readonly<Record<string, Json>>): RowItem {
  const prompt = text.trim();
  if (prompt === '') return { type: 'problem', line, message: 'Expected a prompt, got an empty text' };
  const message = encodingFault(prompt);
  if (message !== null) return { type: 'problem', line, message };
  return { type: 'row', line, prompt, fields, text: false };
}

/** Returns true for an object. It comes from a JSON or YAML parser, so its values are JSON. */
function isObject(value: unknown): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPromptKey(key: string): boolean {
  return key.trim().toLowerCase() === 'prompt';
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return `the ${typeof value} ${String(value)}`;
}

const damage = /[\0\uFFFD]/;

/**
 * Describes damage to the encoding of a text; null if there is none. Files are decoded leniently:
 * bytes that are not UTF-8 become U+FFFD, so that reading continues and every damaged row is
 * reported.
 */
export function encodingFault(text: string): string | null {
  const found = damage.exec(text)?.[0];
  if (found === undefined) return null;
  return found === '\0'
    ? 'Expected text, got a NUL byte: this is not a text file'
    : 'Expected UTF-8 text, got bytes that are not UTF-8: save the file as UTF-8';
}

const noFields = Object.freeze({});

/**
 * Reads a line that is a prompt; null if it is blank. A `text` of null is a line that was too long.
 */
export function rowFromText(line: number, text: string | null): RowItem | null {
  if (text === null) return { type: 'problem', line, message: lineTooLong };
  const prompt = text.trim();
  if (prompt === '') return null;
  const message = encodingFault(prompt);
  if (message !== null) return { type: 'problem', line, message };
  return { type: 'row', line, prompt, fields: noFields, text: false };
}

export const lineTooLong = `Expected a line of at most ${maxRowChars} characters, got a longer one`;
