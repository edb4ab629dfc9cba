import { z } from 'zod';
import { specText } from '../../../renditions/fields.ts';
import type { ModelScoreSpec, ScoreSpec } from '../../../scoring/scorer.ts';
import {
  type BatchSpec,
  type ModelWish,
  modelName,
  readBatchFields,
  specFields,
} from '../../../sources/specs/batchSpec.ts';
import { readBatchSpec, type SpecFilesConfig } from '../../../sources/specs/readSpec.ts';
import type { ModelInput } from '../../../types.ts';

/** A refinement: candidates from one prompt, the best of which are refined round by round. */
export interface RefinementSpec extends BatchSpec {
  readonly prompt: string;
  /** Number of images in the first round, made from the prompt alone. */
  readonly candidates: number;
  /** Number of the best images so far that are refined in each round. */
  readonly keep: number;
  /** Number of images made from each of these. */
  readonly children: number;
  /** Number of rounds after the first candidates. */
  readonly rounds: number;
  /**
   * Distances of children from their parent, by round; the last one holds for further rounds.
   * Empty: the model's default.
   */
  readonly strengths: readonly number[];
  /** The measures, or the model, that rate images. */
  readonly score: ScoreSpec | ModelScoreSpec;
  /** The refinement ends when an image reaches this score. Null: it runs all rounds. */
  readonly stopAtScore: number | null;
  /**
   * Makes the children; null for the model of the candidates if it takes pictures, else the
   * caller's choice.
   */
  readonly refineModel: string | ModelWish | null;
  /** Prompt of the children, with `{prompt}`; null for the prompt of the candidates. */
  readonly refinePrompt: string | null;
  /** Inputs of the children; null for those of the candidates that the other model takes. */
  readonly refineInput: ModelInput | null;
  readonly organize: string;
}

/**
 * Reads a refinement from a YAML or JSON file. Rejects with `UsageError` as `readBatchSpec` does.
 */
export function readRefinementSpec(
  path: string,
  { allowFiles = [] }: SpecFilesConfig = {},
): Promise<RefinementSpec> {
  return readBatchSpec(path, refinementSpecSchema, { what: 'refinement spec', allowFiles });
}

const weight = z.number().min(0).optional();
const measureNames = ['sharpness', 'contrast', 'entropy', 'colourfulness', 'exposure', 'novelty'] as const;

const colour = z
  .string()
  .regex(/^#([0-9a-f]{3}|[0-9a-f]{6})$/i, 'Expected a colour such as "#ff6600", in quotes');

/**
 * The schema of `score:`: the name of a measure, weights of several measures, or a model that
 * rates.
 */
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
]);

/** Maximum number of images per round: more do not fit on the lineage image. */
const MOST_PER_ROUND = 500;
const MOST_ROUNDS = 20;

const strength = z.number().min(0).max(1);
const { count: _candidates, ...fields } = specFields;

/** The schema of a refinement file. Strict: unknown keys are mistakes. */
export const refinementSpecSchema = z
  .strictObject({
    ...fields,
    prompt: specText,
    candidates: z.int().min(1).max(MOST_PER_ROUND),
    keep: z.int().min(1).max(MOST_PER_ROUND),
    children: z.int().min(1).max(MOST_PER_ROUND),
    rounds: z.int().min(1).max(MOST_ROUNDS),
    promptStrength: z.union([strength.transform((value) => [value]), z.array(strength).min(1)]).nullish(),
    score: scoreSpecSchema,
    stopAtScore: z.number().nullish(),
    refineModel: specFields.model,
    refinePrompt: specText
      .refine(
        (template) => !/\{(?!prompt\})/.test(template),
        'Expected only the placeholder {prompt}, which stands for the prompt of the candidates',
      )
      .nullish(),
    refineInput: specFields.input,
  })
  .superRefine(({ candidates, keep, children, rounds, promptStrength }, context) => {
    const fault = (key: string, message: string) =>
      context.addIssue({ code: 'custom', path: [key], message });
    if (keep > candidates)
      fault('keep', `Expected at most the number of candidates (${candidates}), got ${keep}`);
    if (keep * children > MOST_PER_ROUND)
      fault('children', `Expected at most ${MOST_PER_ROUND} images per round, got ${keep} x ${children}`);
    const strengths = promptStrength?.length ?? 0;
    if (strengths > rounds)
      fault('promptStrength', `Expected at most one value per round (${rounds}), got ${strengths}`);
  })
  .transform(
    (spec): RefinementSpec => ({
      ...readBatchFields({ ...spec, count: null }),
      prompt: spec.prompt,
      candidates: spec.candidates,
      keep: spec.keep,
      children: spec.children,
      rounds: spec.rounds,
      strengths: spec.promptStrength ?? [],
      score: spec.score,
      stopAtScore: spec.stopAtScore ?? null,
      refineModel: spec.refineModel ?? null,
      refinePrompt: spec.refinePrompt ?? null,
      refineInput: spec.refineInput ?? null,
      organize: spec.organize ?? 'round-{round}/{index:04}-{slug}',
    }),
  );

/**
 * Returns the maximum number of jobs of a refinement. It may end early, or keep fewer images if
 * fewer are saved.
 */
export function refinementTotal({
  candidates,
  keep,
  children,
  rounds,
}: Pick<RefinementSpec, 'candidates' | 'keep' | 'children' | 'rounds'>): number {
  return candidates + rounds * keep * children;
}
