import { option, UsageError } from '../../errors.ts';
import type { Json, ModelInputProperty, ModelSchema } from '../../types.ts';

/**
 * If a model has several inputs for pictures, the first of these is the one that it starts from.
 */
const usualNames = ['image', 'input_image', 'image_input', 'input_images', 'init_image', 'image_prompt'];

/**
 * Finds the input through which a model takes reference pictures, under the name its maker chose,
 * and the form of its value. Throws `UsageError` if the schema has none, or none for `count`
 * pictures.
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
  throw new UsageError(`Expected a model that takes ${what}, got one ${describeInputs(schema)}`, {
    suggestion:
      count === 1
        ? `Choose another model with ${option('--model')} or model: in the spec, such as black-forest-labs/flux-dev.`
        : `Choose another model with ${option('--model')} or model: in the spec, such as google/nano-banana.`,
  });
}

function isList({ items, anyOf }: ModelInputProperty): boolean {
  return items !== undefined || (anyOf?.some(isList) ?? false);
}

function describeInputs(schema: ModelSchema | null): string {
  return schema === null
    ? 'whose inputs are unknown'
    : `that takes ${Object.keys(schema.properties).join(', ')}`;
}

/** Returns true if an input accepts a file or a list of files. */
export function takesFile({ format, enum: choices, items, anyOf }: ModelInputProperty): boolean {
  if (anyOf !== undefined) return anyOf.some(takesFile);
  if (items !== undefined) return takesFile(items);
  return format === 'uri' && choices === undefined;
}

/** Names that makers give to it: 0 leaves the picture as it is, 1 ignores it. */
const names = ['prompt_strength', 'strength', 'denoising_strength'];

/**
 * Finds the input that sets how far a model may go from the picture. Throws `UsageError` if the
 * schema has none.
 */
export function strengthInput(schema: ModelSchema | null): string {
  const name = names.find((known) => schema?.properties[known] !== undefined);
  if (name !== undefined) return name;
  throw new UsageError(
    `strength: Expected a model with one of the inputs ${names.join(', ')}, got one with none of them`,
    {
      suggestion:
        'Remove strength: from the spec, or choose another model, such as black-forest-labs/flux-dev.',
    },
  );
}
