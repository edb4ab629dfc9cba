import {
  catchError,
  concat,
  defer,
  filter,
  finalize,
  map,
  merge,
  NEVER,
  type Observable,
  type ObservableInput,
  of,
  switchAll,
  takeWhile,
  throwError,
  throwIfEmpty,
} from 'rxjs';
import { expectConcurrency, flattenAll } from '../../base/items/flattenAll.ts';
import {
  type Failed,
  failItem,
  type ItemRequest,
  isFailed,
  type Made,
  settleItem,
  spendItem,
} from '../../base/items/item.ts';
import { longTimer, monotonicScheduler } from '../../base/monotonicScheduler.ts';
import { option, PredictionError } from '../../errors.ts';
import type { Follower, Provider } from '../../ports.ts';
import type { Prediction, PredictionEvent } from '../../types.ts';
import { type AdaptivePollConfig, adaptivePoll } from '../adaptivePoll.ts';
import { checkedProvider } from '../internal/checkedProvider.ts';
import { expectWait } from '../internal/options.ts';
import { retryPolicies } from '../internal/retryPolicies.ts';
import { streamOf } from '../internal/userStreams.ts';
import { retryBackoff } from '../retryBackoff.ts';
import { askForOutput } from './askForOutput.ts';
import { cancelPrediction } from './cancelPrediction.ts';
import { createListPoller } from './listPoller.ts';
import { isFinal } from './pollSchedule.ts';

export interface AwaitPredictionConfig
  extends Pick<
    AdaptivePollConfig<Prediction>,
    'timeoutMs' | 'startingMs' | 'processingMs' | 'maxDelayMs' | 'expectedMs' | 'scheduler'
  > {
  /**
   * Source of the states. Default: a list poller, which follows all predictions of the subscription
   * with one request at a time; with `startingMs`, `processingMs`, `maxDelayMs` or `expectedMs`
   * each is requested by itself, in that rhythm.
   */
  follower?: Follower;
  /** Predictions followed at a time: an integer of 1 or more, or Infinity. Default Infinity. */
  concurrency?: number;
  /**
   * Returns the states of the prediction once the time is up. If it completes without a final one,
   * the item has failed with `ERR_PREDICTION_TIMEOUT`. Default: cancels the prediction.
   */
  onTimeout?: (prediction: Prediction) => ObservableInput<Prediction>;
  /** 0…1, for the jitter of retries. Default Math.random. */
  random?: () => number;
}

/**
 * Follows the predictions of all items at the same time, until each is final (succeeded, failed,
 * canceled, aborted), and emits each item with the final state, in the order of the ends. An item
 * whose whole output is there already passes at once, and so does one that has failed. One that has
 * succeeded without an output is asked for by its id, for up to seven seconds.
 *
 *     items                  (pq|)
 *     p, q at the service    500ms p, 2s q
 *     awaitPrediction        500ms p 1500ms (q|)
 *     time is up first       (cancelled, then emitted as the service left it)
 *
 * Once the time is up, an item without output has `timedOutMs`, and `downloadOutput` fails it with
 * `ERR_PREDICTION_TIMEOUT`. A failed request is repeated with a growing wait; no failure ever
 * creates anything. If the service cannot be asked, the item has failed. Emits an error only if it
 * is no item's (401, 402); after an error of the source, predictions in flight are followed to
 * their ends first. Unsubscribing drops the requests and cancels nothing at the service: those
 * predictions count as paid.
 *
 * Reservations: settles each with the cost of the final prediction, or with its price if the cost
 * is not known.
 */
export function awaitPrediction(
  given: Provider,
  config: AwaitPredictionConfig = {},
): <R extends ItemRequest>(source: Observable<Made<R> | Failed<R>>) => Observable<Made<R> | Failed<R>> {
  const provider = checkedProvider(given);
  const { concurrency = Number.POSITIVE_INFINITY, timeoutMs = 0, ...rhythm } = config;
  expectConcurrency(concurrency);
  expectWait(timeoutMs, 'timeoutMs');
  for (const name of RHYTHM) expectWait(rhythm[name] ?? 0, name);
  return <R extends ItemRequest>(source: Observable<Made<R> | Failed<R>>) =>
    defer(() => {
      const { follower = defaultFollower(provider, config) } = config;
      const followed = (item: Made<R> | Failed<R>) =>
        isFailed(item) ? of(item) : followItem(item, provider, { ...config, follower });
      return source.pipe(flattenAll(followed, { concurrency, onDrop: spendItem }));
    });
}

/** Follows the prediction of an item; closes its reservation. */
function followItem<R extends ItemRequest>(
  item: Made<R>,
  provider: Provider,
  config: AwaitPredictionConfig & Required<Pick<AwaitPredictionConfig, 'follower'>>,
): Observable<Made<R> | Failed<R>> {
  const { prediction, sinceMs } = item;
  const { timeoutMs = 600_000, random = Math.random, scheduler = monotonicScheduler, follower } = config;
  const { onTimeout = ({ id }) => cancelPrediction(provider, id, { random, scheduler }) } = config;
  const begunMs = scheduler.now();
  const waitedMs = () => scheduler.now() - begunMs;
  let isTimeUp = false;
  const followed = defer(() => {
    if (isFinal(prediction)) return of(prediction);
    const left = () => timeoutError(prediction.id, waitedMs(), 'was left to the service');
    const states = concat(follower.follow(prediction, sinceMs), throwError(left));
    const timeUp = longTimer(timeoutMs, scheduler).pipe(
      map(() => {
        isTimeUp = true;
        return streamOf(() => onTimeout(prediction), wrongTimeout);
      }),
    );
    return merge(of(states), timeUp).pipe(
      switchAll(),
      takeWhile((state) => !isFinal(state), true),
      filter(isFinal),
      throwIfEmpty(left),
    );
  });
  return followed.pipe(
    askForOutput({ provider, random, scheduler }),
    map((final): Made<R> | Failed<R> => {
      const timedOut = isTimeUp && !final.outputComplete ? { timedOutMs: waitedMs() } : {};
      const ended = { ...item, prediction: final, ...timedOut };
      settleItem(ended);
      return ended;
    }),
    catchError((error: unknown) => {
      const costMicroUsd = item.reservation?.microUsd ?? null;
      return of(failItem(item, error, { stage: 'polling', prediction, costMicroUsd }));
    }),
    // Nothing is known of its end: it may be paid.
    finalize(() => spendItem(item)),
  );
}

/** Returns the error of a prediction that was not final in time; `end` states its fate. */
export function timeoutError(
  predictionId: string,
  waitedMs: number,
  end: 'was cancelled' | 'was left to the service',
): PredictionError {
  return new PredictionError(
    'ERR_PREDICTION_TIMEOUT',
    `Prediction ${predictionId} was not finished after ${Math.round(waitedMs / 100) / 10} s and ${end}.`,
    {
      predictionId,
      waitedMs,
      recoverable: true,
      suggestion:
        end === 'was cancelled'
          ? `Allow more time with ${option('--timeout')}, or run the same command again later.`
          : 'Run the same command again within an hour after it ends: its output is downloaded, and not paid for again.',
    },
  );
}

function wrongTimeout(got: string): RangeError {
  return new RangeError(`Expected \`onTimeout\` to return an Observable or a promise, got ${got}`);
}

const RHYTHM = ['startingMs', 'processingMs', 'maxDelayMs', 'expectedMs'] as const;

function defaultFollower(provider: Provider, config: AwaitPredictionConfig): Follower {
  const { random = Math.random, scheduler = monotonicScheduler } = config;
  if (RHYTHM.some((name) => config[name] !== undefined)) return singleRequests(provider, config);
  return createListPoller(provider, { random, scheduler });
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
