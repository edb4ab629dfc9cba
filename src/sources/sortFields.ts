import { UsageError } from '../errors.ts';
import type { Json, ModelInput, ModelInputProperty, ModelSchema, Tags } from '../types.ts';
import { checkInput } from './checkInput.ts';
import { coerceInput } from './coerceInput.ts';
import type { Row } from './Row.ts';

/** What the fields of a row are to a model. */
export interface SortedFields {
  readonly input: ModelInput;
  readonly tags: Tags;
}

/**
 * Tells a row's fields apart: those with the name of one of the model's inputs are inputs, the others tags; without a
 * schema all are tags. An empty CSV value and a JSON null say nothing, so the model's default holds.
 *
 * Throws one `UsageError` that names every value which is not what the schema asks for.
 */
export function sortFields({ fields, text }: Row, schema: ModelSchema | null): SortedFields {
  const input: [string, Json][] = [];
  const tags: [string, string][] = [];
  const faults: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (value === null || (text && value === '')) continue;
    const property = propertyOf(name, schema);
    if (property === undefined) {
      tags.push([name, typeof value === 'string' ? value : JSON.stringify(value)]);
      continue;
    }
    const read = readField(() =>
      text ? coerceInput(name, String(value), property) : checked(name, value, property),
    );
    if (read instanceof UsageError) faults.push(read.message);
    else input.push([name, read]);
  }
  if (faults.length > 0) throw new UsageError(faults.join('; '));
  return { input: Object.fromEntries(input), tags: Object.fromEntries(tags) };
}

/** A mistake is kept, so that those of the other fields come to light too. */
function readField(read: () => Json): Json | UsageError {
  try {
    return read();
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
}

/** A column may be called `constructor`. */
function propertyOf(name: string, schema: ModelSchema | null): ModelInputProperty | undefined {
  return schema !== null && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
}

function checked(name: string, value: Json, property: ModelInputProperty): Json {
  checkInput(name, value, property);
  return value;
}
