import type { Json } from '../types.ts';
import type { RowItem } from './Row.ts';
import { textDamage } from './textDamage.ts';

/** The row of an item of a JSON or YAML list: a prompt as text, or an object with a `prompt` (in any letter case). */
export function rowFromValue(line: number, value: unknown): RowItem {
  const problem = (message: string): RowItem => ({ type: 'problem', line, message });
  if (typeof value === 'string') return row(line, value, {});
  if (!isObject(value)) return problem(`Expected a text or an object with a prompt, got ${kindOf(value)}`);
  const promptKey = 'prompt' in value ? 'prompt' : Object.keys(value).find(isPromptKey);
  if (promptKey === undefined) return problem(`Expected a \`prompt\`, got ${keysOf(value)}`);
  const { [promptKey]: prompt, ...fields } = value;
  if (typeof prompt !== 'string') return problem(`Expected \`prompt\` to be text, got ${kindOf(prompt)}`);
  return row(line, prompt, fields);
}

function row(line: number, text: string, fields: Readonly<Record<string, Json>>): RowItem {
  const prompt = text.trim();
  if (prompt === '') return { type: 'problem', line, message: 'Expected a prompt, got an empty text' };
  const message = textDamage(prompt);
  if (message !== null) return { type: 'problem', line, message };
  return { type: 'row', line, prompt, fields, text: false };
}

/** Values here come from a JSON or YAML parser, so what is inside an object is JSON. */
function isObject(value: unknown): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPromptKey(key: string): boolean {
  return key.trim().toLowerCase() === 'prompt';
}

function keysOf(value: object): string {
  const keys = Object.keys(value);
  return keys.length === 0 ? 'an empty object' : `the keys ${keys.slice(0, 20).join(', ')}`;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return `the ${typeof value} ${String(value)}`;
}
