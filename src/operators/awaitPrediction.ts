import {
  asyncScheduler,
  concatMap,
  filter,
  type MonoTypeOperatorFunction,
  map,
  type Observable,
  of,
} from 'rxjs';
import { ProviderError } from '../errors.ts';
import type { Provider } from '../ports.ts';
import type { Prediction } from '../types.ts';
import { type AdaptivePollConfig, adaptivePoll } from './adaptivePoll.ts';
import { retryBackoff } from './retryBackoff.ts';

export interface AwaitPredictionConfig
  extends Pick<
    AdaptivePollConfig<Prediction>,
    'timeoutMs' | 'startingMs' | 'processingMs' | 'maxDelayMs' | 'expectedMs' | 'scheduler'
  > {
  /** 0…1, for the jitter of retries. Default Math.random. */
  random?: () => number;
}

/** A fresh prediction may be unknown to some of the service's machines for some seconds. */
const TRIES_AT_404 = 5;

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
      onTimeout: () => cancel(provider, prediction.id).pipe(patiently),
    }).pipe(finalOnly);
  });
}

const finalOnly = filter(isFinal);

function isFinal({ status, outputComplete }: Prediction): boolean {
  return outputComplete || !(status === 'starting' || status === 'processing');
}

/** Some answers to a cancel still say `processing`: it is over all the same. */
function cancel(provider: Provider, id: string): Observable<Prediction> {
  return provider
    .cancelPrediction(id)
    .pipe(map((prediction) => (isFinal(prediction) ? prediction : { ...prediction, status: 'canceled' })));
}

function isWorthAsking(error: unknown, attempt: number): boolean {
  if (!(error instanceof ProviderError)) return false;
  return error.recoverable || (error.status === 404 && attempt <= TRIES_AT_404);
}
