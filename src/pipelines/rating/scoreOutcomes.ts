import { join } from 'node:path';
import {
  concat,
  defer,
  EMPTY,
  identity,
  ignoreElements,
  type MonoTypeOperatorFunction,
  mergeMap,
  type OperatorFunction,
  of,
  throwError,
} from 'rxjs';
import { encoderConcurrency } from '../../base/pictures.ts';
import { toMicroUsd } from '../../base/text.ts';
import { BudgetError, ProviderError, StorageError } from '../../errors.ts';
import { createGate, gate } from '../../operators/gate.ts';
import { scoreImage } from '../../operators/stages/scoreImage.ts';
import type { Scorer } from '../../ports.ts';
import type { Outcome } from '../../types.ts';
import { originalPicture, outcomeError } from '../journey/outcomes.ts';
import type { OpenRun } from '../run/settings.ts';
import { createModelScorer } from './modelScorer.ts';
import type { ScoringModel } from './scoringModel.ts';

/** How the pictures of a run are rated. */
export interface Scoring {
  readonly scorer: Scorer;
  /** Bounds how many are rated at the same time. */
  readonly within: MonoTypeOperatorFunction<number>;
  /** What all ratings of a job's picture have cost in this run; null where nobody knows. */
  costUsdOf(index: number): number | null;
}

interface ScoreOutcomesConfig {
  /** Called where the budget has no room for a rating. Default: nobody is told. */
  onOverBudget?: () => void;
}

/**
 * Rates the picture of each saved outcome that passes and keeps the score with it, in manifest and sidecar, as `metrics.score`. One
 * that cannot be rated is a warning and goes on without; what the service says to the whole run is the stream's error once all
 * others are done, and what the disk says is it at once.
 */
export function scoreOutcomes(
  scoring: Scoring,
  { config }: OpenRun,
  { onOverBudget = () => {} }: ScoreOutcomesConfig = {},
): OperatorFunction<Outcome, Outcome> {
  const { folder, persist = () => EMPTY, emit = () => {} } = config;
  return (outcomes) =>
    defer(() => {
      let fault: unknown = null;
      const unrated = (error: unknown, { index }: Outcome): number => {
        if (error instanceof StorageError) throw error;
        if (error instanceof ProviderError && error.stopsRun) fault ??= error;
        if (error instanceof BudgetError) onOverBudget();
        const { message } = outcomeError(error);
        emit({ type: 'warning', message: `Image #${index + 1} could not be rated: ${message}` });
        return Number.NaN;
      };
      const rated = mergeMap((outcome: Outcome) => {
        const path = originalPicture(outcome);
        if (path === null) return of(outcome);
        const { prompt, index } = outcome;
        return of(outcome).pipe(
          scoreImage(scoring.scorer, {
            imageOf: () => ({ path: join(folder, path), prompt, index }),
            within: scoring.within,
            onError: unrated,
          }),
          mergeMap(({ score }) => {
            const costUsd = scoring.costUsdOf(index);
            const isUnrated = Number.isNaN(score);
            // Nothing is new about it.
            if (isUnrated && costUsd === 0) return of(outcome);
            const result = ratedOutcome(outcome, isUnrated ? null : score, costUsd);
            return concat(persist(result).pipe(ignoreElements()), of(result));
          }),
        );
      });
      return concat(
        outcomes.pipe(rated),
        defer(() => (fault === null ? EMPTY : throwError(() => fault))),
      );
    });
}

/** An outcome with its score, null for none, and with what the rating has cost: that is paid for the job too. */
function ratedOutcome(outcome: Outcome, score: number | null, ratingUsd: number | null): Outcome {
  const { scoreCostUsd: before = 0, score: _score, ...metrics } = outcome.metrics;
  return {
    ...outcome,
    costUsd: sum(outcome.costUsd, ratingUsd, -Number(before)),
    metrics: {
      ...metrics,
      ...(score === null ? {} : { score }),
      ...(ratingUsd === 0 ? {} : { scoreCostUsd: ratingUsd }),
    },
  };
}

/** Whole micro-dollars: sums of fractions drift. */
function sum(...amounts: readonly (number | null)[]): number | null {
  let microUsd = 0;
  for (const usd of amounts) {
    if (usd === null) return null;
    microUsd += toMicroUsd(usd);
  }
  return microUsd / 1_000_000;
}

/** Rates by a scorer, one picture a core; or by a model, whose predictions have the run's own places. */
export function openScoring(by: Scorer | ScoringModel, { config, ratings }: OpenRun): Scoring {
  if (typeof by === 'function') {
    return { scorer: by, within: gate(createGate(encoderConcurrency())), costUsdOf: () => 0 };
  }
  if (ratings === null) throw new Error('Expected a run that keeps a journal of ratings');
  const paid = new Map<number, number | null>();
  const onPaid = (index: number, costUsd: number | null) => paid.set(index, costUsd);
  const scorer = createModelScorer(by, { ...config, journal: ratings, onPaid });
  return {
    scorer,
    within: identity,
    costUsdOf: (index) => {
      const costUsd = paid.get(index);
      return costUsd === undefined ? 0 : costUsd;
    },
  };
}
