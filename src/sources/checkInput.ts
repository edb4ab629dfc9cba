import { UsageError } from '../errors.ts';
import type { Json, ModelInputProperty } from '../types.ts';

/** Throws `UsageError` where a value is not what the model's schema asks of this input: type, choices, range. */
export function checkInput(name: string, value: Json, property: ModelInputProperty): void {
  if (!isWithin(value, property)) {
    throw new UsageError(`Expected \`${name}\` to be ${wanted(property)}, got ${shown(value)}`);
  }
  const { items } = property;
  if (items === undefined || !Array.isArray(value)) return;
  for (const [place, item] of value.entries()) checkInput(`${name}[${place}]`, item, items);
}

function isWithin(value: Json, { type, enum: choices, minimum, maximum }: ModelInputProperty): boolean {
  if (choices !== undefined) return choices.includes(value);
  if (typeof value === 'number' && value < (minimum ?? -Infinity)) return false;
  if (typeof value === 'number' && value > (maximum ?? Infinity)) return false;
  return isOfType(value, type);
}

function isOfType(value: Json, type: ModelInputProperty['type']): boolean {
  switch (type) {
    case null:
      return true;
    case 'integer':
      return Number.isSafeInteger(value);
    case 'number':
      return Number.isFinite(value);
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    default:
      return typeof value === type;
  }
}

function wanted({ type, enum: choices, minimum, maximum }: ModelInputProperty): string {
  if (choices !== undefined) return `one of ${choices.map((choice) => JSON.stringify(choice)).join(', ')}`;
  const kind = type === null ? 'a value' : kinds[type];
  if (minimum !== undefined && maximum !== undefined) return `${kind} of ${minimum} to ${maximum}`;
  if (minimum !== undefined) return `${kind} of ${minimum} or more`;
  if (maximum !== undefined) return `${kind} of at most ${maximum}`;
  return kind;
}

const kinds = {
  string: 'a text',
  integer: 'an integer',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
} as const;

function shown(value: Json): string {
  const text = JSON.stringify(value);
  const clipped = text.length <= 100 ? text : `${text.slice(0, 100)}…`;
  return typeof value === 'string' ? `the text ${clipped}` : clipped;
}
