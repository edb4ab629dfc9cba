import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { concat, EMPTY, ignoreElements, mergeMap, type OperatorFunction, of } from 'rxjs';
import { ProviderError, StorageError } from '../errors.ts';
import { createGate } from '../operators/createGate.ts';
import { gate } from '../operators/gate.ts';
import { scoreImage } from '../operators/scoreImage.ts';
import type { Scorer } from '../ports.ts';
import type { Outcome } from '../types.ts';
import type { OpenRun } from './openRun.ts';
import { originalPicture } from './originalPicture.ts';
import { outcomeError } from './outcomeError.ts';

/**
 * Rates the picture of each saved outcome that passes and keeps the score with it, in manifest and sidecar, as `metrics.score`. One
 * that cannot be rated is a warning and goes on without; what concerns the whole run is the stream's error.
 */
export function scoreOutcomes(scorer: Scorer, { config }: OpenRun): OperatorFunction<Outcome, Outcome> {
  const { folder, keep = () => EMPTY, emit = () => {} } = config;
  const cores = createGate(availableParallelism());
  const unrated = (error: unknown, { index }: Outcome): number => {
    if (error instanceof StorageError || (error instanceof ProviderError && error.stopsRun)) throw error;
    emit({
      type: 'warning',
      message: `Image #${index + 1} could not be rated: ${outcomeError(error).message}`,
    });
    return Number.NaN;
  };
  return mergeMap((outcome) => {
    const path = originalPicture(outcome);
    if (path === null) return of(outcome);
    const { prompt, index } = outcome;
    return of(outcome).pipe(
      scoreImage(scorer, {
        imageOf: () => ({ path: join(folder, path), prompt, index }),
        within: gate(cores),
        onError: unrated,
      }),
      mergeMap(({ value, score }) => {
        if (Number.isNaN(score)) return of(value);
        const rated = { ...value, metrics: { ...value.metrics, score } };
        return concat(keep(rated).pipe(ignoreElements()), of(rated));
      }),
    );
  });
}
