import type { ModelSchema } from '../types.ts';
import { nearestName } from './nearestName.ts';

/** A field of a prompt file, and the input of the model that it may have been meant for. */
export interface MisspelledInput {
  readonly field: string;
  readonly input: string;
}

/**
 * Fields that are no input of the model, so they become tags, but that look like one: `aspect-ratio`, `Seed`,
 * `num_output`. Nothing where the model has no schema.
 */
export function misspelledInputs(fields: Iterable<string>, schema: ModelSchema | null): MisspelledInput[] {
  const inputs = Object.keys(schema?.properties ?? {});
  return [...fields].flatMap((field) => {
    if (inputs.includes(field)) return [];
    const input = inputs.find((name) => lettersOf(name) === lettersOf(field)) ?? nearLongName(field, inputs);
    return input === null ? [] : [{ field, input }];
  });
}

function lettersOf(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/** Short words are near too many others: `mood` is no `mode`, `style` no `size`. */
function nearLongName(field: string, inputs: readonly string[]): string | null {
  const isLong = (name: string) => name.length >= 6;
  return isLong(field) ? nearestName(field, inputs.filter(isLong)) : null;
}
