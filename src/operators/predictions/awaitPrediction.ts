import {
  concatMap,
  filter,
  type MonoTypeOperatorFunction,
  map,
  merge,
  NEVER,
  type Observable,
  of,
  switchAll,
  takeWhile,
  timer,
} from 'rxjs';
import { monotonicScheduler, wallNow } from '../../base/monotonicScheduler.ts';
import type { Follower, Provider } from '../../ports.ts';
import type { Prediction, PredictionEvent } from '../../types.ts';
import { type AdaptivePollConfig, adaptivePoll } from '../adaptivePoll.ts';
import { maxTimerMs } from '../internal/options.ts';
import { retryPolicies } from '../internal/retryPolicies.ts';
import { retryBackoff } from '../retryBackoff.ts';
import { cancelPrediction } from './cancelPrediction.ts';
import { isFinal } from './pollSchedule.ts';

export interface AwaitPredictionConfig
  extends Pick<
    AdaptivePollConfig<Prediction>,
    'timeoutMs' | 'startingMs' | 'processingMs' | 'maxDelayMs' | 'expectedMs' | 'scheduler'
  > {
  /**
   * Source of the states. One for all jobs follows many predictions with one request. Default:
   * requests each prediction by itself.
   */
  follower?: Follower;
  /**
   * Time just before its create request was sent, by the local clock, ms since 1970. Default: now.
   */
  sinceMs?: number;
  /** Returns the states of the prediction once the time is up. Default: cancels it. */
  onTimeout?: (prediction: Prediction) => Observable<Prediction>;
  /** 0…1, for the jitter of retries. Default Math.random. */
  random?: () => number;
}

/**
 * Follows each prediction until it is final (succeeded, failed, canceled, aborted) and emits its
 * final state. A prediction whose whole output is there already passes at once.
 *
 *     prediction                     (p|)
 *     states: p processing, d done   p, p, d
 *     awaitPrediction                500ms 1000ms 1500ms (d|)
 *     time is up first               (cancelled, then emitted as the service left it)
 *
 * A failed request is repeated with a growing wait; no failure ever creates anything.
 */
export function awaitPrediction(
  provider: Provider,
  config: AwaitPredictionConfig = {},
): MonoTypeOperatorFunction<Prediction> {
  const { follower = singleRequests(provider, config) } = config;
  const { timeoutMs = 600_000, random = Math.random, scheduler = monotonicScheduler } = config;
  const { onTimeout = ({ id }) => cancelPrediction(provider, id, { random, scheduler }) } = config;
  return concatMap((prediction) => {
    if (isFinal(prediction)) return of(prediction);
    const states = follower.follow(prediction, config.sinceMs ?? wallNow(scheduler));
    const timeUp = timer(Math.min(maxTimerMs, timeoutMs), scheduler).pipe(map(() => onTimeout(prediction)));
    return merge(of(states), timeUp).pipe(
      switchAll(),
      takeWhile((state) => !isFinal(state), true),
      filter(isFinal),
    );
  });
}

/** Requests each prediction by its id, in a rhythm of its own. */
function singleRequests(provider: Provider, config: AwaitPredictionConfig): Follower {
  const { random = Math.random, scheduler = monotonicScheduler } = config;
  const patiently = retryBackoff<Prediction>({ ...retryPolicies.ask, random, scheduler });
  return {
    follow: ({ id }): Observable<Prediction> =>
      adaptivePoll(() => provider.getPrediction(id).pipe(patiently), {
        ...config,
        // The time limit is kept above, for every follower.
        timeoutMs: Number.POSITIVE_INFINITY,
        onTimeout: () => NEVER,
        isDone: isFinal,
        isStarting: ({ status }) => status === 'starting',
      }),
  };
}

/**
 * Follows predictions by the service's events (webhooks), with another follower behind it, because
 * any event may be lost.
 *
 *     events              ---a-----     a: its end
 *     behind.follow(b)    -------(b|)
 *     follow(a)           ---(a|)
 *     follow(b)           -------(b|)   its event never came
 */
export function createEventFollower(events: Observable<PredictionEvent>, behind: Follower): Follower {
  return {
    follow: (prediction, sinceMs) => {
      const reported = events.pipe(
        filter((event) => event.prediction.id === prediction.id),
        map((event) => event.prediction),
      );
      return merge(reported, behind.follow(prediction, sinceMs)).pipe(
        takeWhile((state) => !isFinal(state), true),
      );
    },
  };
}
