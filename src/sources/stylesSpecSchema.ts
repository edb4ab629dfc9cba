import { z } from 'zod';
import { readBatchFields } from './readBatchFields.ts';
import type { StylesSpec } from './StylesSpec.ts';
import { specFields } from './specFields.ts';
import { specText } from './specText.ts';
import { specVariation } from './specVariation.ts';

/** A to Z. */
const MAX_STYLES = 26;

const style = z.union([
  specText.transform((picture) => ({ name: null, picture })),
  z.strictObject({ name: specText, picture: specText }),
]);

/** The shape of a file of style references. Strict: a key that is not here is a mistake, not an extra. */
export const stylesSpecSchema = z
  .strictObject({
    ...specFields,
    prompts: z.array(specVariation).min(1, 'Expected at least one prompt'),
    styles: z
      .array(style)
      .min(2, 'Expected at least two styles')
      .max(MAX_STYLES, 'Expected 26 styles at most'),
    max: z.int().min(1).nullish(),
  })
  .superRefine(({ prompts, styles }, context) => {
    const lists = { prompts, styles };
    for (const [list, items] of Object.entries(lists)) {
      items.forEach(({ name }, place) => {
        if (name === null || items.findIndex((other) => other.name === name) === place) return;
        const message = `Expected each name once, got ${name} twice`;
        context.addIssue({ code: 'custom', path: [list, place], message });
      });
    }
  })
  .transform(
    (spec): StylesSpec => ({
      ...readBatchFields(spec),
      prompts: spec.prompts,
      styles: spec.styles.map(({ name, picture }, place) => ({
        name: name ?? String.fromCharCode('A'.charCodeAt(0) + place),
        picture,
      })),
      max: spec.max ?? null,
    }),
  );
