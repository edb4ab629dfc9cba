import { asyncScheduler, concatMap, filter, type MonoTypeOperatorFunction, of } from 'rxjs';
import type { Provider } from '../ports.ts';
import type { Prediction } from '../types.ts';
import { type AdaptivePollConfig, adaptivePoll } from './adaptivePoll.ts';
import { cancelPrediction } from './cancelPrediction.ts';
import { isWorthAsking } from './isWorthAsking.ts';
import { retryBackoff } from './retryBackoff.ts';

export interface AwaitPredictionConfig
  extends Pick<
    AdaptivePollConfig<Prediction>,
    'timeoutMs' | 'startingMs' | 'processingMs' | 'maxDelayMs' | 'expectedMs' | 'scheduler'
  > {
  /** 0…1, for the jitter of retries. Default Math.random. */
  random?: () => number;
}

/**
 * Follows each prediction until it is final (succeeded, failed, canceled, aborted) and emits it as it is then. One that
 * has its whole output already passes at once.
 *
 *     prediction                     (p|)
 *     answers: p processing, d done  p, p, d
 *     awaitPrediction                500ms 1000ms 1500ms (d|)
 *     time is up first               (cancelled, then emitted as the service left it)
 *
 * A failing question is asked again with a growing wait; no failure of asking ever creates anything.
 */
export function awaitPrediction(
  provider: Provider,
  config: AwaitPredictionConfig = {},
): MonoTypeOperatorFunction<Prediction> {
  const { random = Math.random, scheduler = asyncScheduler } = config;
  const patiently = retryBackoff<Prediction>({ retries: 12, shouldRetry: isWorthAsking, random, scheduler });
  return concatMap((prediction) => {
    if (isFinal(prediction)) return of(prediction);
    return adaptivePoll(() => provider.getPrediction(prediction.id).pipe(patiently), {
      ...config,
      isDone: isFinal,
      isStarting: ({ status }) => status === 'starting',
      onTimeout: () => cancelPrediction(provider, prediction.id, { random, scheduler }),
    }).pipe(finalOnly);
  });
}

const finalOnly = filter(isFinal);

function isFinal({ status, outputComplete }: Prediction): boolean {
  return outputComplete || !(status === 'starting' || status === 'processing');
}
