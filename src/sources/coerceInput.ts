import type { Json, ModelInputProperty } from '../types.ts';
import { checkInput } from './checkInput.ts';
import { inputValidator } from './inputValidator.ts';

/**
 * The value of a model input that was given as text, in a CSV column or a flag, as the schema's type asks: `"4"` is 4
 * for an integer and stays `"4"` for a text. Lists and objects are written as JSON; a list of one item also as that item. Where the schema has no such input
 * (`property` undefined) or leaves the type open, a text that is JSON is read as JSON.
 *
 * Throws `UsageError` where the text has no value of that type, or one that `checkInput` refuses.
 */
export function coerceInput(name: string, text: string, property: ModelInputProperty | undefined): Json {
  const value = read(text, property);
  if (property !== undefined) checkInput(name, value, property);
  return value;
}

/** A text that cannot be read as the type asks stays a text, so that the check can say what came. */
function read(text: string, property: ModelInputProperty | undefined): Json {
  switch (property?.type) {
    case 'string':
      return text;
    case 'integer':
    case 'number':
      return readNumber(text) ?? text;
    case 'boolean':
      return readBoolean(text) ?? text;
    case 'array':
      return readList(text, property);
    case 'object':
    case null:
    case undefined:
      return readOpen(text, property);
  }
}

/** One item needs no brackets. */
function readList(text: string, { items }: ModelInputProperty): Json {
  const value = readJson(text);
  return Array.isArray(value) ? value : [read(text, items)];
}

/** JSON, unless only the text itself is right: `"1"` among the choices `"1"` and `"auto"`. */
function readOpen(text: string, property: ModelInputProperty | undefined): Json {
  const value = readJson(text);
  if (property === undefined || value === text) return value;
  const isRight = inputValidator(property);
  return !isRight(value) && isRight(text) ? text : value;
}

function readNumber(text: string): number | null {
  const isNumber = /^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$/.test(text);
  return isNumber ? Number(text) : null;
}

function readBoolean(text: string): boolean | null {
  const word = text.trim().toLowerCase();
  if (['true', '1', 'yes'].includes(word)) return true;
  return ['false', '0', 'no'].includes(word) ? false : null;
}

function readJson(text: string): Json {
  try {
    const value: Json = JSON.parse(text);
    return value;
  } catch {
    return text;
  }
}
