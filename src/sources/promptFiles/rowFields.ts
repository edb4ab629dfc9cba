import { nearestName } from '../../base/suggest.ts';
import { UsageError } from '../../errors.ts';
import type { Json, ModelInput, ModelInputProperty, ModelSchema, Tags } from '../../types.ts';
import { coerceInput } from '../modelInputs/adaptInput.ts';
import { checkInput } from '../modelInputs/checkInput.ts';
import type { Row } from './rows.ts';

/** The fields of a row, split by their use. */
interface SplitFields {
  readonly input: ModelInput;
  readonly tags: Tags;
}

/**
 * Splits a row's fields: those named after an input of the model are inputs, the others tags. Names
 * may be written as in a spreadsheet: `Aspect Ratio` is `aspect_ratio`.
 * Without a schema all are tags. Empty CSV values and JSON nulls are left out, so that the model's
 * defaults apply.
 *
 * Throws one `UsageError` that lists all values that the schema refuses.
 */
export function splitFields({ fields, text }: Row, schema: ModelSchema | null): SplitFields {
  const input: [string, Json][] = [];
  const tags: [string, string][] = [];
  const faults: string[] = [];
  for (const [field, value] of Object.entries(fields)) {
    if (value === null || (text && value === '')) continue;
    const property = propertyOf(field, schema);
    if (property === null) {
      tags.push([field, typeof value === 'string' ? value : JSON.stringify(value)]);
      continue;
    }
    const { name } = property;
    const read = readField(() => {
      if (input.some(([other]) => other === name)) throw twice(name);
      return readValue(value, text, property);
    });
    if (read instanceof UsageError) faults.push(read.message);
    else input.push([name, read]);
  }
  if (faults.length > 0) throw new UsageError(faults.join('; '));
  return { input: Object.fromEntries(input), tags: Object.fromEntries(tags) };
}

function twice(name: string): UsageError {
  return new UsageError(`Expected one value for \`${name}\`, got two: both names are read as that input`);
}

/** Returns a `UsageError` instead of throwing it, so that the other fields are checked too. */
function readField(read: () => Json): Json | UsageError {
  try {
    return read();
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
}

interface NamedProperty {
  readonly name: string;
  readonly schema: ModelInputProperty;
}

function propertyOf(field: string, schema: ModelSchema | null): NamedProperty | null {
  const name = inputNameOf(field, schema);
  const own = name === null ? undefined : schema?.properties[name];
  return name === null || own === undefined ? null : { name, schema: own };
}

function readValue(value: Json, isText: boolean, { name, schema }: NamedProperty): Json {
  if (isText) return coerceInput(name, String(value), schema);
  checkInput(name, value, schema);
  return value;
}

/** The inputs of a model by their letters and digits; null for letters that several inputs have. */
const inputsByLetters = new WeakMap<ModelSchema, ReadonlyMap<string, string | null>>();

/**
 * Returns the name of the input that a field is for: the same name, else the only one with the same
 * letters and digits, in any case. Null if there is none.
 */
export function inputNameOf(field: string, schema: ModelSchema | null): string | null {
  if (schema === null) return null;
  // A column may be named `constructor`.
  if (Object.hasOwn(schema.properties, field)) return field;
  let names = inputsByLetters.get(schema);
  if (names === undefined) {
    const byLetters = new Map<string, string | null>();
    for (const name of Object.keys(schema.properties)) {
      byLetters.set(lettersOf(name), byLetters.has(lettersOf(name)) ? null : name);
    }
    names = byLetters;
    inputsByLetters.set(schema, names);
  }
  return names.get(lettersOf(field)) ?? null;
}

/**
 * Warns of fields that become tags, as the model has no such input, but look like one of its
 * inputs: `num_output`, `promt_strength`. Returns none if the model has no schema.
 */
export function describeMisspelled(fields: Iterable<string>, schema: ModelSchema | null): string[] {
  const inputs = Object.keys(schema?.properties ?? {});
  return [...fields].flatMap((field) => {
    if (inputNameOf(field, schema) !== null) return [];
    const input = nearLongName(field, inputs);
    if (input === null) return [];
    return `\`${field}\` is a tag and is not sent: the model has no such input. Did you mean \`${input}\`?`;
  });
}

/** Returns the letters and digits of a name, by which its spellings are the same. */
export function lettersOf(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/**
 * Returns the nearest name of 6 letters or more. Short words are near too many others: `mood` and
 * `mode`, `style` and `size`.
 */
function nearLongName(field: string, inputs: readonly string[]): string | null {
  const isLong = (name: string) => name.length >= 6;
  return isLong(field) ? nearestName(field, inputs.filter(isLong)) : null;
}
