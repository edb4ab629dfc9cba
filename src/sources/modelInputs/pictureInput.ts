import { UsageError } from '../../errors.ts';
import type { Json, ModelInputProperty, ModelSchema } from '../../types.ts';

/** Of several pictures that a model takes, the first of these is the one to start from. */
const usualNames = ['image', 'input_image', 'image_input', 'input_images', 'init_image', 'image_prompt'];

/**
 * The input by which a model takes pictures to work from, as its maker named it, and how they are given to it. Throws
 * `UsageError` where the schema has none, or none for so many.
 */
export function pictureInput(
  schema: ModelSchema | null,
  count: 1 | 2,
): { name: string; valueOf: (picture: string) => Json } {
  const known = Object.entries(schema?.properties ?? {}).filter(
    ([name, property]) => takesFile(property) && /image|img/i.test(name) && !/mask/i.test(name),
  );
  const able = known.filter(([, property]) => count === 1 || isList(property)).map(([name]) => name);
  const [name = ''] = [...usualNames.filter((usual) => able.includes(usual)), ...able];
  const property = schema?.properties[name];
  if (property !== undefined) {
    return { name, valueOf: (picture) => (isList(property) ? [picture] : picture) };
  }
  const what = count === 1 ? 'a picture' : 'several pictures';
  throw new UsageError(`Expected a model that takes ${what}, got one that takes ${namesOf(schema)}`, {
    suggestion:
      count === 1
        ? 'Choose black-forest-labs/flux-dev, say, with --model or model: in the spec.'
        : 'Choose google/nano-banana, say, with --model or model: in the spec.',
  });
}

function isList({ items, anyOf }: ModelInputProperty): boolean {
  return items !== undefined || (anyOf?.some(isList) ?? false);
}

function namesOf(schema: ModelSchema | null): string {
  return schema === null ? 'nobody knows what' : Object.keys(schema.properties).join(', ');
}

/** Whether an input may be given a file, or a list of them. */
export function takesFile({ format, enum: choices, items, anyOf }: ModelInputProperty): boolean {
  if (anyOf !== undefined) return anyOf.some(takesFile);
  if (items !== undefined) return takesFile(items);
  return format === 'uri' && choices === undefined;
}

/** How makers call it: 0 leaves the picture as it is, 1 takes nothing of it. */
const names = ['prompt_strength', 'strength', 'denoising_strength'];

/** The input by which a model is told how far it may go from the picture. Throws `UsageError` where the schema has none. */
export function strengthInput(schema: ModelSchema | null): string {
  const name = names.find((known) => schema?.properties[known] !== undefined);
  if (name !== undefined) return name;
  throw new UsageError(`strength: Expected a model with one of ${names.join(', ')}, got one without`, {
    suggestion: 'Leave strength: out, or choose black-forest-labs/flux-dev, say.',
  });
}
