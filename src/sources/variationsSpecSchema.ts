import { z } from 'zod';
import { readBatchFields } from './readBatchFields.ts';
import { specFields } from './specFields.ts';
import { specPrompt } from './specPrompt.ts';
import { specText } from './specText.ts';
import { specVariation } from './specVariation.ts';
import type { VariationsSpec } from './VariationsSpec.ts';

const strength = z.number().min(0).max(1);

/** The shape of a file of variations. Strict: a key that is not here is a mistake, not an extra. */
export const variationsSpecSchema = z
  .strictObject({
    ...specFields,
    reference: specText,
    prompt: specPrompt(['variation']),
    variations: z.array(specVariation).min(1, 'Expected at least one variation'),
    strength: z.union([strength.transform((value) => [value]), z.array(strength).min(1)]).nullish(),
    max: z.int().min(1).nullish(),
  })
  .transform(
    (spec): VariationsSpec => ({
      ...readBatchFields(spec),
      reference: spec.reference,
      prompt: spec.prompt,
      variations: spec.variations,
      strengths: spec.strength ?? [],
      max: spec.max ?? null,
    }),
  );
