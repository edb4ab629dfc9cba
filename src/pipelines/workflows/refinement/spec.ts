import { z } from 'zod';
import { specText } from '../../../renditions/fields.ts';
import type { ModelScoreSpec, ScoreSpec } from '../../../scoring/scorer.ts';
import {
  type BatchSpec,
  type ModelWish,
  readBatchFields,
  type SpecFields,
  specFields,
} from '../../../sources/specs/batchSpec.ts';
import { readBatchSpec, type SpecFilesConfig } from '../../../sources/specs/readSpec.ts';
import type { ModelInput } from '../../../types.ts';
import { type ScoreFields, scoreSpecSchema } from './score.ts';

/** The numbers of images of a refinement. */
export interface RefinementSizes {
  /** Number of images in the first round, made from the prompt alone. */
  readonly candidates: number;
  /** Number of the best images so far that are refined in each round. */
  readonly keep: number;
  /** Number of images made from each of these. */
  readonly children: number;
  /** Number of rounds after the first candidates. */
  readonly rounds: number;
  /** Number of the best images of all rounds that are copied to `best/`; 0: no copies. */
  readonly best: number;
}

/** A refinement: candidates from one prompt, the best of which are refined round by round. */
export interface RefinementSpec extends BatchSpec, RefinementSizes {
  readonly prompt: string;
  /**
   * Distances of children from their parent, by round; the last one holds for further rounds.
   * Empty: the model's default.
   */
  readonly strengths: readonly number[];
  /** The measures, or the model, that rate images. Null: the caller's choice. */
  readonly score: ScoreSpec | ModelScoreSpec | null;
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

/** A refinement as its file has it. */
export interface RefinementFields extends Omit<SpecFields, 'count'> {
  readonly prompt: string;
  /** Images of the first round, 1 to 500. Default 10. */
  readonly candidates?: number;
  /** The best images so far that are refined in each round. Default 3, or all candidates. */
  readonly keep?: number;
  /** Images made from each of these. Default 2. */
  readonly children?: number;
  /** Rounds after the first one, 1 to 20. Default 2. */
  readonly rounds?: number;
  /** The best images of all rounds that are copied to `best/`; 0: no copies. Default: `keep`. */
  readonly best?: number;
  /** Distance of children from their parent, 0…1: of all rounds, or of each. */
  readonly promptStrength?: number | readonly number[] | null;
  /** The rating of images. May be left out if another scorer is given. */
  readonly score?: ScoreFields | null;
  /** The refinement ends when an image reaches this score. */
  readonly stopAtScore?: number | null;
  /** Makes the children. Default: the model of the candidates, if it takes pictures. */
  readonly refineModel?: string | ModelWish | null;
  /** Prompt of the children, with `{prompt}`. */
  readonly refinePrompt?: string | null;
  /** Inputs of the children. Default: those of the candidates that their model takes. */
  readonly refineInput?: ModelInput | null;
}

export interface ReadRefinementConfig extends SpecFilesConfig {
  /** False if the spec may have no `score`, as another scorer is given. Default true. */
  needsScore?: boolean;
}

/**
 * Reads a refinement from a YAML or JSON file, or from an object. Rejects with `UsageError` as
 * `readBatchSpec` does.
 */
export function readRefinementSpec(
  source: string | RefinementFields,
  { allowFiles = [], needsScore = true }: ReadRefinementConfig = {},
): Promise<RefinementSpec> {
  const schema = needsScore ? refinementSpecSchema : refinementSchema(scoreSpecSchema.nullish());
  return readBatchSpec(source, schema, { what: 'refinement spec', allowFiles });
}

/** Maximum number of images per round: more do not fit on the lineage image. */
const MOST_PER_ROUND = 500;
const MOST_ROUNDS = 20;

/** Returns the number of images that are kept unless the spec sets it. */
function keptOf(candidates: number): number {
  return Math.min(3, candidates);
}

type ScoreSchema = z.ZodType<ScoreSpec | ModelScoreSpec | null | undefined>;

const strength = z.number().min(0).max(1);
const { count: _candidates, ...fields } = specFields;

/** Creates the schema of a refinement file. Strict: unknown keys are mistakes. */
const refinementSchema = (score: ScoreSchema) =>
  z
    .strictObject({
      ...fields,
      prompt: specText,
      candidates: z.int().min(1).max(MOST_PER_ROUND).default(10),
      keep: z.int().min(1).max(MOST_PER_ROUND).optional(),
      children: z.int().min(1).max(MOST_PER_ROUND).default(2),
      rounds: z.int().min(1).max(MOST_ROUNDS).default(2),
      best: z.int().min(0).max(MOST_PER_ROUND).optional(),
      promptStrength: z.union([strength.transform((value) => [value]), z.array(strength).min(1)]).nullish(),
      score,
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
    .superRefine(({ candidates, keep = keptOf(candidates), children, rounds, promptStrength }, context) => {
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
        keep: spec.keep ?? keptOf(spec.candidates),
        children: spec.children,
        rounds: spec.rounds,
        best: spec.best ?? spec.keep ?? keptOf(spec.candidates),
        strengths: spec.promptStrength ?? [],
        score: spec.score ?? null,
        stopAtScore: spec.stopAtScore ?? null,
        refineModel: spec.refineModel ?? null,
        refinePrompt: spec.refinePrompt ?? null,
        refineInput: spec.refineInput ?? null,
        organize: spec.organize ?? 'round-{round}/{index:04}-{slug}',
      }),
    );

/** The schema of a refinement file. */
export const refinementSpecSchema = refinementSchema(scoreSpecSchema);

/**
 * Returns the maximum number of jobs of a refinement. It may end early, or keep fewer images if
 * fewer are saved.
 */
export function refinementTotal({
  candidates,
  keep,
  children,
  rounds,
}: Omit<RefinementSizes, 'best'>): number {
  return candidates + rounds * keep * children;
}
