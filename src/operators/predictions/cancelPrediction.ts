import {
  asyncScheduler,
  catchError,
  concatMap,
  EMPTY,
  exhaustMap,
  last,
  map,
  type Observable,
  of,
  type SchedulerLike,
  startWith,
  take,
  takeWhile,
  timer,
} from 'rxjs';
import type { Provider } from '../../ports.ts';
import type { Prediction } from '../../types.ts';
import { retryPolicies } from '../internal/retryPolicies.ts';
import { retryBackoff } from '../retryBackoff.ts';
import { isFinal } from './states.ts';

export interface CancelPredictionConfig {
  /** 0…1, for the jitter of retries. Default Math.random. */
  random?: () => number;
  /** Clock of the waits. Default asyncScheduler. */
  scheduler?: SchedulerLike;
}

/** How often a prediction is asked about that still ran when its cancel was answered. */
const LOOKS = 4;
const LOOK_EVERY_MS = 500;

/**
 * Ends a prediction at the service and emits it as the service left it: canceled, or finished where it was faster.
 *
 *     the service answers in 3 ms     ---(p|)
 *     the call fails once             --x---(p|)      asked again after a growing wait
 *     by the answer it still runs     --- 500ms (p|)  looked at again; after 2 s it counts as canceled
 */
export function cancelPrediction(
  provider: Provider,
  id: string,
  config: CancelPredictionConfig = {},
): Observable<Prediction> {
  const { random = Math.random, scheduler = asyncScheduler } = config;
  return provider.cancelPrediction(id).pipe(
    retryBackoff({ ...retryPolicies.ask, random, scheduler }),
    concatMap((answer) => (isFinal(answer) ? of(answer) : itsEnd(answer, provider, scheduler))),
  );
}

/** A cancel takes a moment, and the prediction may be finished, and paid in full, before that. */
function itsEnd(answer: Prediction, provider: Provider, scheduler: SchedulerLike): Observable<Prediction> {
  return timer(LOOK_EVERY_MS, LOOK_EVERY_MS, scheduler).pipe(
    take(LOOKS),
    exhaustMap(() => provider.getPrediction(answer.id).pipe(catchError(() => EMPTY))),
    startWith(answer),
    takeWhile((seen) => !isFinal(seen), true),
    last(),
    map((seen) => (isFinal(seen) ? seen : { ...seen, status: 'canceled' })),
  );
}
