import { asyncScheduler, map, type Observable, type SchedulerLike } from 'rxjs';
import type { Provider } from '../ports.ts';
import type { Prediction } from '../types.ts';
import { isWorthAsking } from './isWorthAsking.ts';
import { retryBackoff } from './retryBackoff.ts';

export interface CancelPredictionConfig {
  /** 0…1, for the jitter of retries. Default Math.random. */
  random?: () => number;
  /** Clock of the waits. Default asyncScheduler. */
  scheduler?: SchedulerLike;
}

/**
 * Ends a prediction at the service and emits it as the service left it: canceled, or finished where it was faster.
 *
 *     the service answers in 3 ms   ---(p|)
 *     the call fails once           --x---(p|)    asked again after a growing wait
 */
export function cancelPrediction(
  provider: Provider,
  id: string,
  config: CancelPredictionConfig = {},
): Observable<Prediction> {
  const { random = Math.random, scheduler = asyncScheduler } = config;
  return provider.cancelPrediction(id).pipe(
    retryBackoff({ retries: 12, shouldRetry: isWorthAsking, random, scheduler }),
    map((prediction) => (isRunning(prediction) ? { ...prediction, status: 'canceled' } : prediction)),
  );
}

/** Some answers to a cancel still say `processing`: it is over all the same. */
function isRunning({ status, outputComplete }: Prediction): boolean {
  return !outputComplete && (status === 'starting' || status === 'processing');
}
