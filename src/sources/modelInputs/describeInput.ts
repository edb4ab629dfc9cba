import { withoutStop } from '../../base/text.ts';
import { UsageError } from '../../errors.ts';
import type { Json, ModelInputProperty } from '../../types.ts';

/**
 * Throws a single fault as it is, and several as one `UsageError` with a line for each. Identical
 * faults count once.
 */
export function throwUsageErrors(faults: readonly UsageError[]): void {
  const lines = new Set(
    faults.map(({ message, suggestion }) => `  ${withoutStop(message)}. ${suggestion}`.trimEnd()),
  );
  const [first] = faults;
  if (first === undefined) return;
  if (lines.size === 1) throw first;
  throw new UsageError(`Found ${lines.size} mistakes in the inputs:\n${[...lines].join('\n')}`, {
    cause: first,
  });
}

/** Bytes among the inputs of a job, for a message: a job is written down, and its files are not. */
export const bytesShown =
  'bytes; give the path of a file or a data: URL, or pass them by `inputFile` in the `files` of a job for `planJobs`';

const mostChoices = 20;

/**
 * Describes the values that an input accepts, in words that complete "Expected `x` to be …". `got`
 * is the refused value.
 */
export function expectedInput(property: ModelInputProperty, got: Json): string {
  const { type, enum: choices, anyOf, format, pattern } = property;
  if (choices !== undefined) return `one of ${listed(choices, got)}`;
  if (anyOf !== undefined) return anyOf.map((one) => expectedInput(one, got)).join(' or ');
  if (type === null) return `a value${rangeOf(property)}`;
  if (type === 'array') return `a list${lengthOf(property.minItems, property.maxItems, 'items')}`;
  if (type !== 'string') return `${kinds[type]}${rangeOf(property)}`;
  const kind = format === 'uri' ? 'a file or a URL' : 'a text';
  const shape = pattern === undefined ? '' : ` that matches ${pattern}`;
  return `${kind}${lengthOf(property.minLength, property.maxLength, 'characters')}${shape}`;
}

const kinds = {
  integer: 'an integer',
  number: 'a number',
  boolean: 'true or false',
  object: 'an object',
} as const;

/** Lists choices. Texts are quoted only if they could be mistaken for another type of value. */
function listed(choices: readonly Json[], got: Json): string {
  const isClear = typeof got === 'string' && choices.every((choice) => typeof choice === 'string');
  const words = choices
    .slice(0, mostChoices)
    .map((choice) => (isClear ? String(choice) : JSON.stringify(choice)));
  return `${words.join(', ')}${choices.length > mostChoices ? `, … (${choices.length} in all)` : ''}`;
}

function rangeOf(property: ModelInputProperty): string {
  const { minimum, maximum, exclusiveMinimum: above, exclusiveMaximum: below, multipleOf } = property;
  const words = [
    above === undefined ? '' : `above ${above}`,
    below === undefined ? '' : `below ${below}`,
    minimum !== undefined && maximum !== undefined ? `of ${minimum} to ${maximum}` : '',
    minimum !== undefined && maximum === undefined ? `of ${minimum} or more` : '',
    minimum === undefined && maximum !== undefined ? `of at most ${maximum}` : '',
    multipleOf === undefined ? '' : `in steps of ${multipleOf}`,
  ];
  return words
    .filter((word) => word !== '')
    .map((word) => ` ${word}`)
    .join('');
}

function lengthOf(least: number | undefined, most: number | undefined, unit: string): string {
  if (least === undefined && most === undefined) return '';
  if (least === undefined) return ` of at most ${most} ${unit}`;
  return most === undefined ? ` of ${least} or more ${unit}` : ` of ${least} to ${most} ${unit}`;
}

/**
 * Returns the `UsageError` that a check throws, to report it with others, or null. Other errors
 * pass through.
 */
export function catchUsageError(check: () => void): UsageError | null {
  try {
    check();
    return null;
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
}
