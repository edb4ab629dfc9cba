import { UsageError } from '../errors.ts';
import type { Json, ModelInputProperty, ModelSchema } from '../types.ts';
import { takesFile } from './takesFile.ts';

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
