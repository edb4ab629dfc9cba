import {
  concat,
  defer,
  EMPTY,
  filter,
  mergeMap,
  type Observable,
  type SchedulerLike,
  tap,
  timer,
} from 'rxjs';
import { monotonicScheduler } from '../../../base/monotonicScheduler.ts';
import { retryPolicies } from '../../../operators/internal/retryPolicies.ts';
import { listedPredictions } from '../../../operators/predictions/listedPredictions.ts';
import { retryBackoff } from '../../../operators/retryBackoff.ts';
import type { Provider } from '../../../ports.ts';
import type { Prediction } from '../../../types.ts';

export interface SettledPredictionsConfig {
  /** Ids of the predictions to read. */
  ids: Iterable<string>;
  /** Time before the oldest of them was created, by the local clock, ms since 1970. */
  createdAfterMs: number;
  /** Pages to read, at most, over all looks. A page has a hundred predictions. */
  pages: number;
  /**
   * Pauses before further looks at what is still running, or not listed yet. Default [1000, 3000].
   */
  pausesMs?: readonly number[];
  /**
   * Receives every prediction of the first look, which then reads the whole time. Default: the
   * first look ends when it has shown what it can.
   */
  see?: (prediction: Prediction) => void;
  /** Clock of the pauses. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
  /** 0…1, for the jitter of retries. Default Math.random. */
  random?: () => number;
}

/** Retries of a list request: nothing is lost without it. */
const RETRIES = 2;

/**
 * Reads the final states of predictions whose output came before their end, from the service's
 * list: a hundred a request, newest first. Emits each once it is final, and completes without those
 * that are not final, or not listed, when the looks are over.
 *
 *     ids a, b; a is final, b still running   l---l|     a look, a pause, another look
 *     settledPredictions                      a---(b|)
 *
 * Emits a `ProviderError` if the list cannot be read.
 */
export function settledPredictions(
  provider: Provider,
  config: SettledPredictionsConfig,
): Observable<Prediction> {
  const { createdAfterMs, pages, pausesMs = [1_000, 3_000], see, scheduler = monotonicScheduler } = config;
  const { random = Math.random } = config;
  return defer(() => {
    const open = new Set(config.ids);
    let pagesLeft = pages;
    const look = (isFirst: boolean): Observable<Prediction> => {
      const seen = isFirst ? see : undefined;
      const running = new Set<string>();
      return listedPredictions(provider, {
        createdAfterMs,
        pages: pagesLeft,
        isEnough: () => seen === undefined && running.size === open.size,
        patiently: retryBackoff({ ...retryPolicies.ask, retries: RETRIES, scheduler, random }),
      }).pipe(
        tap(() => {
          pagesLeft -= 1;
        }),
        mergeMap(({ predictions }) => predictions),
        tap((prediction) => seen?.(prediction)),
        filter((prediction) => {
          if (!open.has(prediction.id)) return false;
          if (hasEnded(prediction)) return open.delete(prediction.id);
          running.add(prediction.id);
          return false;
        }),
      );
    };
    const lookAgain = (pauseMs: number) =>
      defer(() => {
        if (open.size === 0 || pagesLeft <= 0) return EMPTY;
        return timer(pauseMs, scheduler).pipe(mergeMap(() => look(false)));
      });
    return concat(look(true), ...pausesMs.map(lookAgain));
  });
}

/** Returns true if a prediction no longer runs: its times and its cost are known. */
export function hasEnded({ status }: Prediction): boolean {
  return status !== 'starting' && status !== 'processing' && status !== 'unknown';
}
