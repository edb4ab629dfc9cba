import { z } from 'zod';
import type { ScoreSpec } from '../scoreSpec.ts';

const weight = z.number().min(0).optional();
const measureNames = ['sharpness', 'contrast', 'entropy', 'colourfulness', 'exposure', 'novelty'] as const;

const colour = z
  .string()
  .regex(/^#([0-9a-f]{3}|[0-9a-f]{6})$/i, 'Expected a colour such as "#ff6600", in quotes');

/** `score:` of a spec: the name of a measure, or how much each of several counts. */
export const scoreSpecSchema = z.union([
  z.enum(measureNames).transform((name): ScoreSpec => ({ [name]: 1 })),
  z
    .strictObject({
      sharpness: weight,
      contrast: weight,
      entropy: weight,
      colourfulness: weight,
      exposure: weight,
      novelty: weight,
      palette: z
        .strictObject({ colours: z.array(colour).min(1), weight: z.number().positive().default(1) })
        .optional(),
    })
    .refine(
      ({ palette, ...weights }) =>
        palette !== undefined || Object.values(weights).some((value) => value !== 0),
      'Expected a weight above 0 for at least one measure',
    )
    .transform((spec): ScoreSpec => spec),
]);
