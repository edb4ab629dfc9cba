import { describeSpecIssue } from '../../base/suggest.ts';
import { UsageError } from '../../errors.ts';
import type { Provider, Scorer } from '../../ports.ts';
import type { ModelScoreSpec, ScoreSpec } from '../../scoring/scorer.ts';
import type { ScoringModel } from '../../types.ts';
import type { RunSettings } from '../run/settings.ts';
import { type ScoreFields, scoreSpecSchema } from '../workflows/refinement/score.ts';
import { parseModel } from './planning/findModel.ts';
import { findRatingModel } from './planning/ratingModel.ts';

/**
 * The rating of images: a measure (`sharpness`), measures with their weights, a model by name or
 * with its input, or a function that returns a number, a promise of one, or an Observable of one.
 */
export type ScoreOption = ScoreFields | (string & {}) | Scorer | ScoringModel;

interface OpenScoreConfig {
  provider: Provider;
  money: Pick<RunSettings, 'pricesMicroUsd'>;
  /** Folder in which the paths of the model's input begin. Default: the working directory. */
  folder?: string;
  allowFiles?: readonly string[] | 'any';
  /** Returns the error of a model without a known price. Default: there is no budget. */
  unpriced: ((model: string) => UsageError) | undefined;
}

/**
 * Makes a scorer of the option `score`. Rejects with `UsageError` if it is none, or names a model
 * that cannot rate images or has no known price under a budget.
 */
export async function openScore(score: ScoreOption, config: OpenScoreConfig): Promise<Scorer | ScoringModel> {
  if (typeof score === 'function') return score;
  if (typeof score === 'object' && 'picture' in score) return score;
  const isModel = typeof score === 'string' && score.includes('/');
  const read = scoreSpecSchema.safeParse(isModel ? { model: score } : score, { reportInput: true });
  if (!read.success) {
    const faults = read.error.issues.flatMap((issue) => describeSpecIssue(issue, scoreSpecSchema, ['score']));
    const lines = faults.map(({ path, message }) => `  ${path.join('.')}: ${message}`);
    throw new UsageError(`Expected a scorer:\n${lines.join('\n')}`);
  }
  return openScoreSpec(read.data, config);
}

/** Makes a scorer of the `score` field of a spec. Rejects as `openScore` does. */
export async function openScoreSpec(
  spec: ScoreSpec | ModelScoreSpec,
  { money, ...config }: OpenScoreConfig,
): Promise<Scorer | ScoringModel> {
  if ('model' in spec) {
    const { [parseModel(spec.model).model]: microUsd = null } = money.pricesMicroUsd ?? {};
    const priceUsd = spec.priceUsd ?? (microUsd === null ? null : microUsd / 1_000_000);
    return findRatingModel({ ...spec, priceUsd }, config);
  }
  // Loaded only here: measures need a decoder.
  const { createScorer } = await import('../../scoring/scorer.ts');
  return createScorer(spec);
}
