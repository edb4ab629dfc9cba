import {
  asyncScheduler,
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
import { expectOption, maxTimerMs } from './internal/options.ts';

export interface AdaptivePollConfig<T> {
  /** True for the answer that ends the polling. */
  isDone: (answer: T) => boolean;
  /** Takes the place of all further answers when the time is up. */
  onTimeout: () => Observable<T>;
  /** Time until then, 25 days at most. Default 600,000. */
  timeoutMs?: number;
  /** True while what is asked for has not begun yet. Default: never. */
  isStarting?: (answer: T) => boolean;
  /** Wait before the first question, and between two while nothing has begun. Default 500. */
  startingMs?: number;
  /** Wait after the first answer that says it has begun; grows by half with each answer. Default 1000. */
  processingMs?: number;
  /** Bound of that growth. Default 5000. */
  maxDelayMs?: number;
  /** How long it usually takes: nothing is asked before. Default 0. */
  expectedMs?: number;
  /** Clock of the waits. Default asyncScheduler. */
  scheduler?: SchedulerLike;
}

/**
 * Asks again and again until an answer is the last one; emits every answer. The next question is asked a while after
 * the answer to the one before, so two are never under way at once.
 *
 *     answers: s starting, p processing, d done
 *     {startingMs: 2, processingMs: 4, maxDelayMs: 6}   --s-s-p---p-----p-----(d|)
 *     {startingMs: 2, expectedMs: 9}                    ---------(d|)
 *     {startingMs: 2, timeoutMs: 5}, onTimeout: (t|)    --s-s(t|)
 *
 * An error of a question is passed on: put a retry around the question, not around the poll.
 */
export function adaptivePoll<T>(ask: () => Observable<T>, config: AdaptivePollConfig<T>): Observable<T> {
  const { isDone, onTimeout, timeoutMs = 600_000, isStarting = () => false } = config;
  const { startingMs = 500, processingMs = 1_000, maxDelayMs = 5_000, expectedMs = 0 } = config;
  const { scheduler = asyncScheduler } = config;
  expectOption(startingMs > 0, 'startingMs', 'a number above 0', startingMs);
  expectOption(processingMs > 0, 'processingMs', 'a number above 0', processingMs);
  expectOption(maxDelayMs > 0, 'maxDelayMs', 'a number above 0', maxDelayMs);
  expectOption(expectedMs >= 0, 'expectedMs', 'a number of 0 or more', expectedMs);
  expectOption(timeoutMs >= 0, 'timeoutMs', 'a number of 0 or more', timeoutMs);
  const after = (waitMs: number) => timer(Math.min(waitMs, maxTimerMs), scheduler);

  const answers = defer(() => {
    let growingMs = processingMs;
    const waitAfter = (answer: T) => {
      if (isStarting(answer)) return startingMs;
      const waitMs = Math.min(growingMs, maxDelayMs);
      growingMs *= 1.5;
      return waitMs;
    };
    const askAfter = (waitMs: number) => after(waitMs).pipe(mergeMap(() => ask()));
    return askAfter(Math.max(startingMs, expectedMs)).pipe(
      expand((answer) => (isDone(answer) ? EMPTY : askAfter(waitAfter(answer)))),
    );
  });
  const timeUp = after(timeoutMs).pipe(map(() => onTimeout()));
  return merge(of(answers), timeUp).pipe(
    switchAll(),
    takeWhile((answer) => !isDone(answer), true),
  );
}
