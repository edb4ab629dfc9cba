import { join } from 'node:path';
import { concat, defer, EMPTY, ignoreElements, mergeMap, type OperatorFunction, of, throwError } from 'rxjs';
import { BudgetError, ProviderError, StorageError } from '../../errors.ts';
import { scoreImage } from '../../operators/scoreImage.ts';
import type { Outcome } from '../../types.ts';
import type { OpenRun } from '../openRun.ts';
import { originalPicture } from '../originalPicture.ts';
import { outcomeError } from '../outcomeError.ts';
import { ratedOutcome } from './ratedOutcome.ts';
import type { Scoring } from './Scoring.ts';

export interface ScoreOutcomesConfig {
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
  const { folder, keep = () => EMPTY, emit = () => {} } = config;
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
            return concat(keep(result).pipe(ignoreElements()), of(result));
          }),
        );
      });
      return concat(
        outcomes.pipe(rated),
        defer(() => (fault === null ? EMPTY : throwError(() => fault))),
      );
    });
}
