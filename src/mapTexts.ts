import type { Json, ModelInput } from './types.ts';

/**
 * An input with other texts in it: each text, also in lists, becomes what `textAt` says of its place (`image`,
 * `image_input[1]`). What stands inside of objects stays as it is.
 */
export function mapTexts(input: ModelInput, textAt: (place: string, text: string) => string): ModelInput {
  const mapped = (value: Json, place: string): Json => {
    if (typeof value === 'string') return textAt(place, value);
    if (!Array.isArray(value)) return value;
    return value.map((item: Json, index) => mapped(item, `${place}[${index}]`));
  };
  return Object.fromEntries(Object.entries(input).map(([name, value]) => [name, mapped(value, name)]));
}
