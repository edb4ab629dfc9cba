import { isTooDeep, tooDeep } from '../../base/nesting.ts';
import { SECRET } from '../../base/secretInputs.ts';
import { UsageError } from '../../errors.ts';
import type { Json, ModelInput, ModelInputProperty, ModelSchema } from '../../types.ts';
import { checkInput, inputValidator } from './checkInput.ts';
import { parseExactJson } from './exactNumbers.ts';
import { nearestAspectRatio } from './nearestChoice.ts';
import { choiceOfTime, readBoolean, readNumber } from './spreadsheetText.ts';

/**
 * Adapts inputs that were made for one model to another one: drops those that it does not have or
 * refuses, so that its defaults apply, and keeps the shape of the image as closely as it can.
 * Returns all inputs if it publishes no schema.
 */
export function adaptInput(input: ModelInput, schema: ModelSchema | null): ModelInput {
  if (schema === null) return input;
  const accepted = Object.entries(input).filter(([name, value]) =>
    accepts(schema.properties[name], name, value),
  );
  const shape = shapeOf(input);
  const frame = shape === null ? {} : sizeInput(...shape, schema);
  return { ...frame, ...Object.fromEntries(accepted) };
}

function accepts(property: ModelInputProperty | undefined, name: string, value: Json): boolean {
  if (property === undefined) return false;
  if (value === SECRET) return true;
  try {
    checkInput(name, value, property);
    return true;
  } catch {
    return false;
  }
}

/**
 * Returns width and height in any unit, as only their ratio counts; null if the input has no shape.
 */
function shapeOf({ aspect_ratio: ratio, width, height }: ModelInput): readonly [number, number] | null {
  if (typeof width === 'number' && typeof height === 'number') return [width, height];
  const [, across = '', down = ''] = /^(\d+):(\d+)$/.exec(String(ratio)) ?? [];
  return across === '' ? null : [Number(across), Number(down)];
}

/**
 * Most models are trained on images of about a megapixel, whose sides are multiples of 64 as their
 * latents are.
 */
const areaPx = 1024 * 1024;
const stepPx = 64;

/**
 * Returns the inputs that give a model's image the shape of a frame: the nearest `aspect_ratio` if
 * the model offers choices, else `width` and `height` of about a megapixel, else none.
 */
export function sizeInput(widthPx: number, heightPx: number, schema: ModelSchema | null): ModelInput {
  const { aspect_ratio: ratio, width, height } = schema?.properties ?? {};
  const nearest = nearestAspectRatio(widthPx, heightPx, ratio?.enum ?? []);
  if (nearest !== null) return { aspect_ratio: nearest };
  if (width?.type !== 'integer' || height?.type !== 'integer') return {};
  const scale = Math.sqrt(areaPx / (widthPx * heightPx));
  return { width: side(widthPx * scale, width), height: side(heightPx * scale, height) };
}

/** Returns the nearest side that the model allows, in pixels. */
function side(
  wantedPx: number,
  { enum: choices, minimum = stepPx, maximum = 4096 }: ModelInputProperty,
): number {
  const sizes = choices?.filter((choice) => typeof choice === 'number') ?? [];
  if (sizes.length > 0) return sizes.reduce((best, size) => (gap(size) < gap(best) ? size : best));
  const lowest = Math.ceil(minimum / stepPx) * stepPx;
  const highest = Math.floor(maximum / stepPx) * stepPx;
  return Math.min(highest, Math.max(lowest, Math.round(wantedPx / stepPx) * stepPx));

  function gap(size: number): number {
    return Math.abs(size - wantedPx);
  }
}

/**
 * Converts the text of a CSV column or a flag to the type that the schema asks for: `"4"` is 4 for
 * an integer and stays `"4"` for a text. Lists and objects are written as JSON; a list of one item
 * may also be written as that item. Numbers, ratios, true and false that a spreadsheet has changed
 * are read as they were. If the schema has no such input (`property` undefined) or leaves its type
 * open, text that is JSON is read as JSON.
 *
 * Throws `UsageError` if the text has no value of that type, or one that `checkInput` refuses.
 */
export function coerceInput(name: string, text: string, property: ModelInputProperty | undefined): Json {
  const value = choiceOfTime(text, property?.enum ?? []) ?? read(name, text, property);
  if (property !== undefined) checkInput(name, value, property);
  return value;
}

/**
 * Converts a text, or returns it as it is if it does not fit the type, so that the check can quote
 * it.
 */
function read(name: string, text: string, property: ModelInputProperty | undefined): Json {
  switch (property?.type) {
    case 'string':
      return text;
    case 'integer':
    case 'number':
      return readNumber(text) ?? text;
    case 'boolean':
      return readBoolean(text) ?? text;
    case 'array':
      return readList(name, text, property);
    case 'object':
    case null:
    case undefined:
      return readOpen(name, text, property);
  }
}

/** Reads a JSON list, or a single item without brackets. */
function readList(name: string, text: string, { items }: ModelInputProperty): Json {
  const value = readJson(name, text);
  return Array.isArray(value) ? value : [read(name, text, items)];
}

/** Reads JSON, unless only the text itself is valid: `"1"` among the choices `"1"` and `"auto"`. */
function readOpen(name: string, text: string, property: ModelInputProperty | undefined): Json {
  const value = readJson(name, text);
  if (property === undefined || value === text) return value;
  const isValid = inputValidator(property);
  return !isValid(value) && isValid(text) ? text : value;
}

function readJson(name: string, text: string): Json {
  const value = parsed(text);
  if (!isTooDeep(value)) return value;
  throw new UsageError(`Expected \`${name}\` to have ${tooDeep}`);
}

/** Returns the value of a text that is JSON, else the text itself. */
function parsed(text: string): Json {
  try {
    return parseExactJson(text) as Json;
  } catch {
    return text;
  }
}
