import {
  catchError,
  concat,
  defaultIfEmpty,
  defer,
  EMPTY,
  filter,
  from,
  identity,
  type MonoTypeOperatorFunction,
  mergeMap,
  type Observable,
  type SchedulerLike,
  tap,
  throwError,
  timer,
} from 'rxjs';
import { monotonicScheduler } from '../../../base/monotonicScheduler.ts';
import { hasEnded } from '../../../base/service.ts';
import { ProviderError } from '../../../errors.ts';
import { concernsAllCalls } from '../../../operators/internal/outageErrors.ts';
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
   * Pauses before further looks at predictions that run, or are not listed yet. Default [1000,
   * 3000].
   */
  pausesMs?: readonly number[];
  /**
   * Receives every prediction of the first look, which then reads the whole time. Default: the
   * first look ends when it has shown all that it can.
   */
  see?: (prediction: Prediction) => void;
  /** Clock of the pauses. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
  /** 0…1, for the jitter of retries. Default Math.random. */
  random?: () => number;
}

/** Retries of a request: nothing is lost without it. */
const RETRIES = 2;
/** Predictions that are asked for by their id at most, and at the same time. */
const MOST_ALONE = 300;
const AT_A_TIME = 8;
/** Requests by id in a row that fail before no more are sent. */
const MOST_FAILED = 16;

/**
 * Reads the final states of predictions whose output came before their end, from the service's
 * list: a hundred a request, newest first. Those that the list does not have, or shows without
 * their end, are asked for by their id, the first 300 of them. Emits each once it is final, and
 * completes without those that are not.
 *
 *     ids a, b; a is final, b still running   l---l|     a look, a pause, another look
 *     settledPredictions                      a---(b|)
 *     the list is forbidden                   l-(a|)     by id
 *
 * Emits a `ProviderError` at the end if the list cannot be read, at once if it concerns all calls.
 */
export function settledPredictions(
  provider: Provider,
  config: SettledPredictionsConfig,
): Observable<Prediction> {
  const { createdAfterMs, pages, pausesMs = [1_000, 3_000], see, scheduler = monotonicScheduler } = config;
  const { random = Math.random } = config;
  const patience = { ...retryPolicies.ask, retries: RETRIES, scheduler, random };
  return defer(() => {
    const open = new Set(config.ids);
    /** Those that have ended, though the list does not show how. */
    const untold = new Map<string, Prediction>();
    let pagesLeft = pages;
    let fault: ProviderError | null = null;
    const look = (isFirst: boolean): Observable<Prediction> => {
      const seen = isFirst ? see : undefined;
      const listed = new Set<string>();
      return listedPredictions(provider, {
        createdAfterMs,
        pages: pagesLeft,
        isEnough: () => seen === undefined && listed.size === open.size,
        patiently: retryBackoff({ ...patience }),
      }).pipe(
        tap(() => {
          pagesLeft -= 1;
        }),
        mergeMap(({ predictions }) => predictions),
        tap((prediction) => seen?.(prediction)),
        filter((prediction) => {
          const { id } = prediction;
          if (!open.has(id)) return false;
          if (isTold(prediction)) return open.delete(id);
          listed.add(id);
          if (hasEnded(prediction)) untold.set(id, prediction);
          return false;
        }),
      );
    };
    const lookAgain = (pauseMs: number) =>
      defer(() => {
        if (open.size <= untold.size || pagesLeft <= 0) return EMPTY;
        return timer(pauseMs, scheduler).pipe(mergeMap(() => look(false)));
      });
    let failedInARow = 0;
    const byId = (id: string): Observable<Prediction> =>
      defer(() => (failedInARow < MOST_FAILED ? provider.getPrediction(id) : EMPTY)).pipe(
        retryBackoff({ ...patience }),
        tap(() => {
          failedInARow = 0;
        }),
        catchError(() => {
          failedInARow += 1;
          return EMPTY;
        }),
        filter(hasEnded),
        defaultTo(untold.get(id)),
      );
    const looks = concat(look(true), ...pausesMs.map(lookAgain)).pipe(
      catchError((error: unknown) => {
        if (!(error instanceof ProviderError) || concernsAllCalls(error)) return throwError(() => error);
        fault = error;
        return EMPTY;
      }),
    );
    const others = defer(() => from([...open].slice(0, MOST_ALONE)).pipe(mergeMap(byId, AT_A_TIME)));
    const end = defer(() => (fault === null ? EMPTY : throwError(() => fault)));
    return concat(looks, others, end);
  });
}

function defaultTo<T>(value: T | undefined): MonoTypeOperatorFunction<T> {
  return value === undefined ? identity : defaultIfEmpty(value);
}

/** Returns true if a prediction has ended, and is shown with its times or its metrics. */
function isTold(prediction: Prediction): boolean {
  const { completedAt, metrics } = prediction;
  return hasEnded(prediction) && (completedAt !== null || Object.keys(metrics).length > 0);
}
