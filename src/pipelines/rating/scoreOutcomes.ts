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
import { insideFolder } from '../../disk/insideFolder.ts';
import { BudgetError, ProviderError, StorageError } from '../../errors.ts';
import { createGate, gate } from '../../operators/gate.ts';
import { scoreImage } from '../../operators/stages/scoreImage.ts';
import type { Scorer } from '../../ports.ts';
import type { Outcome, ScoringModel } from '../../types.ts';
import { originalPicture, outcomeError } from '../journey/outcomes.ts';
import type { OpenRun } from '../run/settings.ts';
import { createModelScorer } from './modelScorer.ts';

/** The scorer of a run's images, its limit and its costs. */
export interface Scoring {
  readonly scorer: Scorer;
  /** Bounds the ratings in flight. */
  readonly within: MonoTypeOperatorFunction<number>;
  /** Returns the cost of all ratings of a job's image in this run; null if it is unknown. */
  costUsdOf(index: number): number | null;
}

interface ScoreOutcomesConfig {
  /** Called if the budget does not cover a rating. Default: no-op. */
  onOverBudget?: () => void;
}

/**
 * Rates the image of each saved outcome, and stores the score in manifest and sidecar as
 * `metrics.score`. If an image cannot be rated, emits a warning, and the outcome without a score.
 * An error of the service that concerns the whole run is emitted once all other outcomes are done;
 * a `StorageError` at once.
 */
export function scoreOutcomes(
  scoring: Scoring,
  { config }: Pick<OpenRun, 'config'>,
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
            imageOf: () => ({ path: insideFolder(folder, path), prompt, index, folder }),
            within: scoring.within,
            onError: unrated,
          }),
          mergeMap(({ score }) => {
            const costUsd = scoring.costUsdOf(index);
            const isUnrated = Number.isNaN(score);
            // Nothing has changed.
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

/**
 * Returns an outcome with its score, null for none, and with the cost of the rating, which is paid
 * for the job too.
 */
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

/** Adds amounts in whole micro-dollars, since sums of fractions drift; null if one is unknown. */
function sum(...amounts: readonly (number | null)[]): number | null {
  let microUsd = 0;
  for (const usd of amounts) {
    if (usd === null) return null;
    microUsd += toMicroUsd(usd);
  }
  return microUsd / 1_000_000;
}

/**
 * Opens the scoring of a run: by a scorer, one image a core, or by a model, whose predictions share
 * the run's slots.
 */
export function openScoring(
  by: Scorer | ScoringModel,
  { config, ratings }: Pick<OpenRun, 'config' | 'ratings'>,
): Scoring {
  if (typeof by === 'function') {
    return { scorer: by, within: gate(createGate(encoderConcurrency())), costUsdOf: () => 0 };
  }
  if (ratings === null)
    throw new Error('A model can only rate in a run that was opened with `ratings: true`.');
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
