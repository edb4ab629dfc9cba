import { z } from 'zod';
import type { CompareSpec } from './CompareSpec.ts';
import { modelName } from './modelName.ts';
import { readBatchFields } from './readBatchFields.ts';
import { specFields } from './specFields.ts';
import { specVariation } from './specVariation.ts';

const { model: _one, ...fields } = specFields;

/** The shape of a comparison's file. Strict: a key that is not here is a mistake, not an extra. */
export const compareSpecSchema = z
  .strictObject({
    ...fields,
    prompts: z.array(specVariation).min(1, 'Expected at least one prompt'),
    models: z.array(modelName).min(1, 'Expected at least one model').nullish(),
  })
  .superRefine(({ prompts }, context) => {
    prompts.forEach(({ name }, place) => {
      if (prompts.findIndex((other) => other.name === name) === place) return;
      const message = `Expected each name once, got ${name} twice`;
      context.addIssue({ code: 'custom', path: ['prompts', place], message });
    });
  })
  .transform(
    (spec): CompareSpec => ({
      ...readBatchFields({ ...spec, model: null }),
      prompts: spec.prompts,
      models: [...new Set(spec.models ?? [])],
    }),
  );
