import { z } from 'zod';
import type { ModelScoreSpec, ScoreSpec } from '../../../scoring/scorer.ts';
import { modelName } from '../../../sources/specs/batchSpec.ts';
import type { ModelInput } from '../../../types.ts';

const weight = z.number().min(0).optional();
const measureNames = ['sharpness', 'contrast', 'entropy', 'colourfulness', 'exposure', 'novelty'] as const;

const colour = z
  .string()
  .regex(/^#([0-9a-f]{3}|[0-9a-f]{6})$/i, 'Expected a colour such as "#ff6600", in quotes');

/** Weights of measures, as a spec has them: 0 leaves one out. */
export interface MeasureFields extends Omit<ScoreSpec, 'palette'> {
  /** Closeness to the colours of a brand, as `#ff6600`. */
  readonly palette?: { readonly colours: readonly string[]; readonly weight?: number };
}

/** A model that rates images, as a spec has it. */
export interface RatingModelFields {
  /** `owner/name`, optionally with `:version`. */
  readonly model: string;
  /** Its inputs besides the image. `{prompt}` stands for the prompt of the image. */
  readonly input?: ModelInput;
  /** Price of one rating. Default: that of the price table. */
  readonly priceUsd?: number;
}

/** `score:` as a spec has it: a measure, weights of several, or a model. */
export type ScoreFields = (typeof measureNames)[number] | MeasureFields | RatingModelFields;

const REQUIRED =
  'Expected a measure, weights such as { contrast: 1 }, or a model, got nothing: a refinement requires it';

/**
 * The schema of `score:`: the name of a measure, weights of several measures, or a model that
 * rates.
 */
export const scoreSpecSchema = z.union(
  [
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
          if (palette !== undefined || asked.length > 0)
            fault('Measures and a model cannot be used together; remove one of them');
        } else if (input !== undefined || priceUsd !== undefined) {
          fault('input: and priceUsd: are only for a model; name it as model:');
        } else if (palette === undefined && !asked.some((value) => value > 0)) {
          fault('Expected a weight above 0 for at least one measure');
        }
      })
      .transform(({ model, input = {}, priceUsd = null, ...measures }): ScoreSpec | ModelScoreSpec =>
        model === undefined ? measures : { model, input, priceUsd },
      ),
  ],
  { error: ({ input }) => (input === undefined ? REQUIRED : undefined) },
);
