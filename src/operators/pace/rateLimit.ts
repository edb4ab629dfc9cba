import {
  concatMap,
  defer,
  EMPTY,
  type MonoTypeOperatorFunction,
  type Observable,
  type SchedulerLike,
} from 'rxjs';
import { inTurn } from '../../base/items/flattenAll.ts';
import { longTimer, monotonicScheduler } from '../../base/monotonicScheduler.ts';
import { expectConfig } from '../internal/options.ts';
import { createTokenBucket } from './tokenBucket.ts';

export interface RateLimitConfig {
  /** Values in any window, at most: a finite number above 0. */
  limit: number;
  /** Length of a window: `60_000` for a limit a minute. */
  windowMs: number;
  /** Values that may pass at once after a pause. Default: `limit / 60`, rounded up. */
  burst?: number;
  /** Clock of the waits. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

/**
 * Delays values so that no more than `limit` pass in any window of `windowMs`; keeps their order.
 *
 *     source                                (abc|)
 *     rateLimit({limit: 1, windowMs: 5})    a----b----(c|)
 *     source                                (abc#)
 *     rateLimit({limit: 1, windowMs: 5})    a----b----(c#)
 *
 * Values wait in a queue; the end of the source, or its error, comes after them, so none is lost.
 * Unsubscribing drops the queue. Each subscription has its own bucket; to hold several pipes to one
 * pace, share a `Governor` by `paced`.
 */
export function rateLimit<T>(config: RateLimitConfig): MonoTypeOperatorFunction<T> {
  expectConfig(config, 'limit', 'windowMs');
  const { scheduler = monotonicScheduler } = config;
  createTokenBucket({ ...config, now: () => 0 }); // Bad limits throw here, where they were given.
  return (source) =>
    defer(() => {
      const bucket = createTokenBucket({ ...config, now: () => scheduler.now() });
      const nextTurn = (): Observable<unknown> | null => {
        const waitMs = bucket.waitMs();
        if (waitMs > 0) return longTimer(waitMs, scheduler).pipe(concatMap(() => nextTurn() ?? EMPTY));
        bucket.take();
        return null;
      };
      return source.pipe(inTurn(nextTurn));
    });
}
