import { z } from 'zod';
import type { RefinementSpec } from './RefinementSpec.ts';
import { readBatchFields } from './readBatchFields.ts';
import { scoreSpecSchema } from './scoreSpecSchema.ts';
import { specFields } from './specFields.ts';
import { specText } from './specText.ts';

/** More pictures in a round are more than anybody looks at, and than one picture of the lineage holds. */
const MOST_A_ROUND = 500;
const MOST_ROUNDS = 20;

const strength = z.number().min(0).max(1);
const { count: _candidates, ...fields } = specFields;

/** The shape of a refinement file. Strict: a key that is not here is a mistake, not an extra. */
export const refinementSpecSchema = z
  .strictObject({
    ...fields,
    prompt: specText,
    candidates: z.int().min(1).max(MOST_A_ROUND),
    keep: z.int().min(1).max(MOST_A_ROUND),
    children: z.int().min(1).max(MOST_A_ROUND),
    rounds: z.int().min(1).max(MOST_ROUNDS),
    promptStrength: z.union([strength.transform((value) => [value]), z.array(strength).min(1)]).nullish(),
    score: scoreSpecSchema,
    stopAtScore: z.number().nullish(),
    refineModel: specFields.model,
    refinePrompt: specText
      .refine(
        (template) => !/\{(?!prompt\})/.test(template),
        'Expected no placeholder but {prompt}, which stands for the prompt of the candidates',
      )
      .nullish(),
    refineInput: specFields.input,
  })
  .superRefine(({ candidates, keep, children, rounds, promptStrength }, context) => {
    const fault = (key: string, message: string) =>
      context.addIssue({ code: 'custom', path: [key], message });
    if (keep > candidates) fault('keep', `Expected at most the ${candidates} candidates, got ${keep}`);
    if (keep * children > MOST_A_ROUND)
      fault('children', `Expected at most ${MOST_A_ROUND} pictures a round, got ${keep} x ${children}`);
    const strengths = promptStrength?.length ?? 0;
    if (strengths > rounds)
      fault('promptStrength', `Expected a value for each of ${rounds} rounds at most, got ${strengths}`);
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
