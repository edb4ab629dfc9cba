import { z } from 'zod';
import type { ModelScoreSpec, ScoreSpec } from '../scoreSpec.ts';
import { modelName } from './modelName.ts';

const weight = z.number().min(0).optional();
const measureNames = ['sharpness', 'contrast', 'entropy', 'colourfulness', 'exposure', 'novelty'] as const;

const colour = z
  .string()
  .regex(/^#([0-9a-f]{3}|[0-9a-f]{6})$/i, 'Expected a colour such as "#ff6600", in quotes');

/** `score:` of a spec: the name of a measure, how much each of several counts, or a model that is asked. */
export const scoreSpecSchema = z.union([
  z.enum(measureNames).transform((name): ScoreSpec | ModelScoreSpec => ({ [name]: 1 })),
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
      model: modelName.optional(),
      input: z.record(z.string(), z.json()).optional(),
      priceUsd: z.number().min(0).optional(),
    })
    .superRefine(({ model, input, priceUsd, palette, ...weights }, context) => {
      const fault = (message: string) => context.addIssue({ code: 'custom', message });
      const asked = Object.values(weights).filter((value) => value !== undefined);
      if (model !== undefined) {
        if (palette !== undefined || asked.length > 0) fault('Expected measures or a model, got both');
      } else if (input !== undefined || priceUsd !== undefined) {
        fault('Expected model: beside input: and priceUsd:, got none');
      } else if (palette === undefined && !asked.some((value) => value > 0)) {
        fault('Expected a weight above 0 for at least one measure');
      }
    })
    .transform(({ model, input = {}, priceUsd = null, ...measures }): ScoreSpec | ModelScoreSpec =>
      model === undefined ? measures : { model, input, priceUsd },
    ),
]);
