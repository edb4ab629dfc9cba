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
 * Throws `UsageError` where a value is not what the schema asks for.
 */
export function sortFields({ fields, text }: Row, schema: ModelSchema | null): SortedFields {
  const input: [string, Json][] = [];
  const tags: [string, string][] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (value === null || (text && value === '')) continue;
    const property = propertyOf(name, schema);
    if (property === undefined) tags.push([name, typeof value === 'string' ? value : JSON.stringify(value)]);
    else
      input.push([name, text ? coerceInput(name, String(value), property) : checked(name, value, property)]);
  }
  return { input: Object.fromEntries(input), tags: Object.fromEntries(tags) };
}

/** A column may be called `constructor`. */
function propertyOf(name: string, schema: ModelSchema | null): ModelInputProperty | undefined {
  return schema !== null && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
}

function checked(name: string, value: Json, property: ModelInputProperty): Json {
  checkInput(name, value, property);
  return value;
}
