import {
  concat,
  defaultIfEmpty,
  defer,
  EMPTY,
  identity,
  ignoreElements,
  type MonoTypeOperatorFunction,
  map,
  mergeMap,
  type Observable,
  type OperatorFunction,
  of,
  throwError,
} from 'rxjs';
import { encoderConcurrency } from '../../base/pictures.ts';
import { insideFolder } from '../../disk/insideFolder.ts';
import { BudgetError, ProviderError, StorageError } from '../../errors.ts';
import { createGate, gate } from '../../operators/gate.ts';
import { scoreImage } from '../../operators/stages/scoreImage.ts';
import type { Scorer } from '../../ports.ts';
import type { Outcome, ScoringModel } from '../../types.ts';
import type { GenerateConfig } from '../journey/config.ts';
import { originalPicture, outcomeError, withRatingCost, withScore } from '../journey/outcomes.ts';
import type { Rating } from '../journey/rating.ts';
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

interface RateConfig {
  /** Called if the budget does not cover a rating. Default: no-op. */
  onOverBudget?: () => void;
}

/**
 * Rates the image of an outcome; emits nothing if it has none. If it cannot be rated, emits a
 * warning, and a rating without a score. Emits `StorageError` alone as an error.
 */
export function rateOutcome(
  outcome: Outcome,
  scoring: Scoring,
  { folder, emit = () => {} }: Pick<GenerateConfig, 'folder' | 'emit'>,
  { onOverBudget = () => {} }: RateConfig = {},
): Observable<Rating> {
  const path = originalPicture(outcome);
  if (path === null) return EMPTY;
  const { prompt, index } = outcome;
  let fault: unknown = null;
  const unrated = (error: unknown): number => {
    if (error instanceof StorageError) throw error;
    if (error instanceof ProviderError && error.stopsRun) fault = error;
    if (error instanceof BudgetError) onOverBudget();
    const { message } = outcomeError(error);
    emit({ type: 'warning', message: `Image #${index + 1} could not be rated: ${message}` });
    return Number.NaN;
  };
  return of(outcome).pipe(
    scoreImage(scoring.scorer, {
      imageOf: () => ({ path: insideFolder(folder, path), prompt, index, folder }),
      within: scoring.within,
      onError: unrated,
    }),
    map(({ score }) => ({
      score: Number.isNaN(score) ? null : score,
      costUsd: scoring.costUsdOf(index),
      fault,
    })),
  );
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
  rateConfig: RateConfig = {},
): OperatorFunction<Outcome, Outcome> {
  const { persist = () => EMPTY } = config;
  return (outcomes) =>
    defer(() => {
      let fault: unknown = null;
      const rated = mergeMap((outcome: Outcome) =>
        rateOutcome(outcome, scoring, config, rateConfig).pipe(
          mergeMap((rating) => {
            fault ??= rating.fault;
            // Nothing has changed.
            if (rating.score === null && rating.costUsd === 0) return of(outcome);
            const result = withRatingCost(withScore(outcome, rating), rating);
            return concat(persist(result).pipe(ignoreElements()), of(result));
          }),
          defaultIfEmpty(outcome),
        ),
      );
      return concat(
        outcomes.pipe(rated),
        defer(() => (fault === null ? EMPTY : throwError(() => fault))),
      );
    });
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
