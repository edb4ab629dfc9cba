import {
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
import { monotonicScheduler } from '../../base/monotonicScheduler.ts';
import type { Provider } from '../../ports.ts';
import type { Prediction } from '../../types.ts';
import { checkedProvider } from '../internal/checkedProvider.ts';
import { retryPolicies } from '../internal/retryPolicies.ts';
import { retryBackoff } from '../retryBackoff.ts';
import { isFinal } from './pollSchedule.ts';

export interface CancelPredictionConfig {
  /** 0…1, for the jitter of retries. Default Math.random. */
  random?: () => number;
  /** Clock of the waits. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

/** Further looks at a prediction that still ran when its cancel request returned. */
const LOOKS = 4;
const LOOK_EVERY_MS = 500;

/**
 * Cancels a prediction at the service and emits it as the service left it: canceled, or finished if
 * it was faster.
 *
 *     the service responds in 3 ms    ---(p|)
 *     the call fails once             --x---(p|)      repeated after a growing wait
 *     it still runs by the response   --- 500ms (p|)  looked at again; after 2 s it counts as canceled
 */
export function cancelPrediction(
  given: Provider,
  id: string,
  config: CancelPredictionConfig = {},
): Observable<Prediction> {
  const provider = checkedProvider(given);
  const { random = Math.random, scheduler = monotonicScheduler } = config;
  return provider.cancelPrediction(id).pipe(
    retryBackoff({ ...retryPolicies.ask, random, scheduler }),
    concatMap((state) => (isFinal(state) ? of(state) : awaitEnd(state, provider, scheduler))),
  );
}

/**
 * Looks at a prediction until it has ended: a cancel takes a moment, and the prediction may finish,
 * and be paid in full, before that.
 */
function awaitEnd(state: Prediction, provider: Provider, scheduler: SchedulerLike): Observable<Prediction> {
  return timer(LOOK_EVERY_MS, LOOK_EVERY_MS, scheduler).pipe(
    take(LOOKS),
    exhaustMap(() => provider.getPrediction(state.id).pipe(catchError(() => EMPTY))),
    startWith(state),
    takeWhile((seen) => !isFinal(seen), true),
    last(),
    map((seen) => (isFinal(seen) ? seen : { ...seen, status: 'canceled' })),
  );
}
