import { basename, extname } from 'node:path';
import { z } from 'zod';
import type { CompositionPicture, CompositionSpec } from './CompositionSpec.ts';
import { readBatchFields } from './readBatchFields.ts';
import { specFields } from './specFields.ts';
import { specPrompt } from './specPrompt.ts';
import { specText } from './specText.ts';

const usualPrompt =
  'the {product} of the first picture, placed naturally in the {background} of the second, with its light and shadows';

const picture = z
  .union([
    specText.transform((image) => ({ image, name: null, prompt: null })),
    z.strictObject({ image: specText, name: specText.nullish(), prompt: specText.nullish() }),
  ])
  .transform(({ image, ...given }): CompositionPicture => {
    const name = given.name ?? basename(image, extname(image));
    return { image, name, prompt: given.prompt ?? name.replaceAll(/[_-]+/g, ' ') };
  });

/** The shape of a file of compositions. Strict: a key that is not here is a mistake, not an extra. */
export const compositionSpecSchema = z
  .strictObject({
    ...specFields,
    prompt: specPrompt(['product', 'background']).default(usualPrompt),
    products: z.array(picture).min(1, 'Expected at least one product'),
    backgrounds: z.array(picture).min(1, 'Expected at least one background'),
    max: z.int().min(1).nullish(),
  })
  .superRefine(({ products, backgrounds }, context) => {
    for (const [list, pictures] of Object.entries({ products, backgrounds })) {
      pictures.forEach(({ name }, place) => {
        if (pictures.findIndex((other) => other.name === name) === place) return;
        const message = `Expected each name once, got ${name} twice`;
        context.addIssue({ code: 'custom', path: [list, place], message });
      });
    }
  })
  .transform(
    (spec): CompositionSpec => ({
      ...readBatchFields(spec),
      organize: spec.organize ?? '{product}/{index:04}-{product}-{background}',
      prompt: spec.prompt,
      products: spec.products,
      backgrounds: spec.backgrounds,
      max: spec.max ?? null,
    }),
  );
