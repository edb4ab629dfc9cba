import {
  concatMap,
  defer,
  from,
  map,
  merge,
  type Observable,
  type ObservableInput,
  of,
  repeat,
  type SchedulerLike,
  switchAll,
  take,
  takeWhile,
  tap,
} from 'rxjs';
import { longTimer, monotonicScheduler } from '../base/monotonicScheduler.ts';
import { expectAbove0, expectConfig, expectFunction, expectWait } from './internal/options.ts';

export interface AdaptivePollConfig<T> {
  /** Returns true for the response that ends the polling. */
  isDone: (response: T) => boolean;
  /** Returns the Observable or promise that takes over when the time is up. */
  onTimeout: () => ObservableInput<T>;
  /** Time limit of the whole poll; Infinity for none. Default 600,000. */
  timeoutMs?: number;
  /** Returns true while the work has not begun yet. Default: never. */
  isStarting?: (response: T) => boolean;
  /**
   * Wait before the first request, and after each response for which `isStarting` is true. Default
   * 500.
   */
  startingMs?: number;
  /** Wait after the first other response; grows by half with each further one. Default 1000. */
  processingMs?: number;
  /** Upper bound of that growth. Default 5000. */
  maxDelayMs?: number;
  /** Time that the work usually takes: the first request is not sent earlier. Default 0. */
  expectedMs?: number;
  /** Clock of the waits. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

/**
 * Polls until a response is final, and emits every response. The next request is sent some time
 * after the response to the one before, so two are never in flight at once.
 *
 *     responses: s starting, p processing, d done
 *     {startingMs: 2, processingMs: 4, maxDelayMs: 6}   --s-s-p---p-----p-----(d|)
 *     {startingMs: 2, expectedMs: 9}                    ---------(d|)
 *     {startingMs: 2, timeoutMs: 5}, onTimeout: (t|)    --s-s(t|)
 *
 * The first value that a request emits is its response, and unsubscribes it. One that completes
 * without a value counts as processing. An error of a request or a callback ends the poll: put a
 * retry around the request, not around the poll. Unsubscribing unsubscribes the request in flight.
 */
export function adaptivePoll<T>(ask: () => ObservableInput<T>, config: AdaptivePollConfig<T>): Observable<T> {
  expectFunction(ask, 'ask');
  expectConfig(config, 'isDone', 'onTimeout');
  const { isDone, onTimeout, timeoutMs = 600_000, isStarting = () => false } = config;
  const { startingMs = 500, processingMs = 1_000, maxDelayMs = 5_000, expectedMs = 0 } = config;
  const { scheduler = monotonicScheduler } = config;
  expectFunction(isDone, 'isDone');
  expectFunction(onTimeout, 'onTimeout');
  expectAbove0(startingMs, 'startingMs');
  expectAbove0(processingMs, 'processingMs');
  expectAbove0(maxDelayMs, 'maxDelayMs');
  expectWait(expectedMs, 'expectedMs');
  expectWait(timeoutMs, 'timeoutMs');

  const responses = defer(() => {
    let growingMs = processingMs;
    let waitMs = Math.max(startingMs, expectedMs);
    let latest: { readonly response: T } | null = null;
    const request = () => {
      latest = null;
      return from(ask()).pipe(take(1));
    };
    const note = (response: T) => {
      latest = { response };
    };
    const chooseWait = () => {
      const isStart = latest !== null && isStarting(latest.response);
      waitMs = isStart ? startingMs : Math.min(growingMs, maxDelayMs);
      if (!isStart) growingMs *= 1.5;
    };
    return defer(() => longTimer(waitMs, scheduler)).pipe(
      concatMap(request),
      tap({ next: note, complete: chooseWait }),
      repeat(),
    );
  });
  const timeUp = longTimer(timeoutMs, scheduler).pipe(map(() => onTimeout()));
  return merge(of(responses), timeUp).pipe(
    switchAll(),
    takeWhile((response) => !isDone(response), true),
  );
}
