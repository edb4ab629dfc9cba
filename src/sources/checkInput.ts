import { UsageError } from '../errors.ts';
import type { Json, ModelInputProperty } from '../types.ts';
import { expectedInput } from './expectedInput.ts';
import { inputValidator } from './inputValidator.ts';
import { nearestChoice } from './nearestChoice.ts';

/** Throws `UsageError` where a value is not what the model's schema asks of this input: type, choices, range, length. */
export function checkInput(name: string, value: Json, property: ModelInputProperty): void {
  const validate = inputValidator(property);
  if (validate(value)) return;
  // Where several kinds are taken, each of them has its say; the shortest path is the value that none of them takes.
  const paths = (validate.errors ?? []).map(({ instancePath }) => instancePath);
  const [path = ''] = paths.sort((a, b) => a.length - b.length);
  const wrong = innermost({ name, value, property }, path.split('/').slice(1).map(Number));
  throw new UsageError(
    `Expected \`${wrong.name}\` to be ${expectedInput(wrong.property, wrong.value)}, got ${shown(wrong)}${hint(wrong)}`,
  );
}

interface Given {
  readonly name: string;
  readonly value: Json;
  readonly property: ModelInputProperty;
}

/** The item at these places in a list, in a list of lists, … */
function innermost({ name, value, property }: Given, places: readonly number[]): Given {
  const [place, ...rest] = places;
  if (place === undefined || !Array.isArray(value) || property.items === undefined)
    return { name, value, property };
  return innermost({ name: `${name}[${place}]`, value: value[place], property: property.items }, rest);
}

function shown({ value, property }: Given): string {
  const clipped = clip(typeof value === 'string' ? value : JSON.stringify(value));
  if (typeof value !== 'string') return clipped;
  // Among nothing but words a word needs no quotes.
  const isWord = value.trim() === value && value !== '';
  if (isWord && property.enum?.every((choice) => typeof choice === 'string')) return clipped;
  return `the text ${JSON.stringify(clipped)}`;
}

function clip(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`;
}

function hint({ value, property }: Given): string {
  const nearest = nearestChoice(value, property.enum ?? []);
  return nearest === null ? '' : ` (did you mean ${nearest}?)`;
}
