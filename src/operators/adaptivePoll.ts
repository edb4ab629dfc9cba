import {
  defer,
  EMPTY,
  expand,
  map,
  merge,
  mergeMap,
  type Observable,
  of,
  type SchedulerLike,
  switchAll,
  takeWhile,
  timer,
} from 'rxjs';
import { monotonicScheduler } from '../base/monotonicScheduler.ts';
import { expectOption, maxTimerMs } from './internal/options.ts';

export interface AdaptivePollConfig<T> {
  /** Returns true for the response that ends the polling. */
  isDone: (response: T) => boolean;
  /** Returns the Observable that takes over when the time is up. */
  onTimeout: () => Observable<T>;
  /** Time limit of the whole poll, at most 25 days. Default 600,000. */
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
 * An error of a request ends the poll: put a retry around the request, not around the poll.
 */
export function adaptivePoll<T>(ask: () => Observable<T>, config: AdaptivePollConfig<T>): Observable<T> {
  const { isDone, onTimeout, timeoutMs = 600_000, isStarting = () => false } = config;
  const { startingMs = 500, processingMs = 1_000, maxDelayMs = 5_000, expectedMs = 0 } = config;
  const { scheduler = monotonicScheduler } = config;
  expectOption(startingMs > 0, 'startingMs', 'a number above 0', startingMs);
  expectOption(processingMs > 0, 'processingMs', 'a number above 0', processingMs);
  expectOption(maxDelayMs > 0, 'maxDelayMs', 'a number above 0', maxDelayMs);
  expectOption(expectedMs >= 0, 'expectedMs', 'a number of 0 or more', expectedMs);
  expectOption(timeoutMs >= 0, 'timeoutMs', 'a number of 0 or more', timeoutMs);
  const after = (waitMs: number) => timer(Math.min(waitMs, maxTimerMs), scheduler);

  const responses = defer(() => {
    let growingMs = processingMs;
    const waitAfter = (response: T) => {
      if (isStarting(response)) return startingMs;
      const waitMs = Math.min(growingMs, maxDelayMs);
      growingMs *= 1.5;
      return waitMs;
    };
    const askAfter = (waitMs: number) => after(waitMs).pipe(mergeMap(() => ask()));
    return askAfter(Math.max(startingMs, expectedMs)).pipe(
      expand((response) => (isDone(response) ? EMPTY : askAfter(waitAfter(response)))),
    );
  });
  const timeUp = after(timeoutMs).pipe(map(() => onTimeout()));
  return merge(of(responses), timeUp).pipe(
    switchAll(),
    takeWhile((response) => !isDone(response), true),
  );
}
