import { type MonoTypeOperatorFunction, retry, type SchedulerLike } from 'rxjs';
import { longTimer, monotonicScheduler } from '../base/monotonicScheduler.ts';
import { expectBound, expectWait } from './internal/options.ts';

export interface RetryBackoffConfig {
  /** Tries after the first one: an integer of 0 or more, or Infinity. Default 4. */
  retries?: number;
  /** Upper bound of the wait before the first retry; doubles with each retry. Default 500. */
  delayMs?: number;
  /** Largest value of that bound. Default 30,000. */
  maxDelayMs?: number;
  /**
   * True to begin tries and waits again after each value: for a source that lasts, such as a
   * connection. Default false.
   */
  resetOnSuccess?: boolean;
  /**
   * Returns true if another try can help; `attempt` is the try that failed, 1-based. Default:
   * always.
   */
  shouldRetry?: (error: unknown, attempt: number) => boolean;
  /**
   * Returns the wait that an error asks for, which is kept without jitter, up to `maxRetryAfterMs`;
   * null for none. Default: the error's own `retryAfterMs`, if it has one.
   */
  retryAfterMs?: (error: unknown) => number | null;
  /** Longest wait that an error may ask for: then the next try is made. Default 60,000. */
  maxRetryAfterMs?: number;
  /** Called before each wait. Default: no-op. */
  onRetry?: (retry: { error: unknown; attempt: number; delayMs: number }) => void;
  /**
   * Returns the part of the bound to wait, 0…1 ("full jitter"); `() => 1` switches jitter off.
   * Default Math.random.
   */
  random?: () => number;
  /** Clock of the waits. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

/** Beyond every bound of a wait; without it the factor would be Infinity after 1,024 tries. */
const MOST_DOUBLINGS = 64;

/**
 * Resubscribes to a failed source after a growing, jittered wait; emits the last error if no try
 * succeeds.
 *
 *     source                                                    -#
 *     retryBackoff({retries: 2, delayMs: 2, random: () => 1})   ---------#
 *
 *     source                                                    a-#
 *     {retries: 1, delayMs: 2, resetOnSuccess: true}            a---a---a---a
 *
 * Values that were emitted before an error stay emitted. Emits the errors of the callbacks.
 * Unsubscribing unsubscribes the source, or ends the wait.
 *
 * Full jitter keeps calls that failed together from coming back together:
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function retryBackoff<T>(config: RetryBackoffConfig = {}): MonoTypeOperatorFunction<T> {
  const { retries = 4, delayMs = 500, maxDelayMs = 30_000, shouldRetry = () => true, onRetry } = config;
  const { retryAfterMs = namedWait, maxRetryAfterMs = 60_000, resetOnSuccess = false } = config;
  const { random = Math.random, scheduler = monotonicScheduler } = config;
  expectBound(retries, 'retries', 0);
  expectWait(delayMs, 'delayMs');
  expectWait(maxDelayMs, 'maxDelayMs');
  expectWait(maxRetryAfterMs, 'maxRetryAfterMs');
  return retry({
    resetOnSuccess,
    delay: (error: unknown, attempt) => {
      if (attempt > retries || !shouldRetry(error, attempt)) throw error;
      const boundMs = Math.min(maxDelayMs, delayMs * 2 ** Math.min(attempt - 1, MOST_DOUBLINGS));
      const namedMs = retryAfterMs(error);
      const waitMs = namedMs === null ? random() * boundMs : Math.min(maxRetryAfterMs, namedMs);
      onRetry?.({ error, attempt, delayMs: waitMs });
      return longTimer(waitMs, scheduler);
    },
  });
}

function namedWait(error: unknown): number | null {
  if (typeof error !== 'object' || error === null || !('retryAfterMs' in error)) return null;
  return typeof error.retryAfterMs === 'number' && error.retryAfterMs >= 0 ? error.retryAfterMs : null;
}
