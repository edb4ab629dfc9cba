import {
  asyncScheduler,
  type MonoTypeOperatorFunction,
  Observable,
  type SchedulerLike,
  type Subscription,
  timer,
} from 'rxjs';
import { createTokenBucket, type TokenBucketConfig } from './createTokenBucket.ts';

export interface RateLimitConfig extends Omit<TokenBucketConfig, 'now'> {
  /** Clock of the waits. Default asyncScheduler. */
  scheduler?: SchedulerLike;
}

/**
 * Holds values back so that no more than `perMinute` pass in any 60 s; keeps their order and loses none.
 *
 *     source                                     (abc|)
 *     rateLimit({perMinute: 12_000, burst: 1})   a 4ms b 4ms (c|)     one in 5 ms
 *
 * Each value costs the same, however many wait. Each subscription has a bucket of its own; share a `Governor` to hold
 * several pipes to one pace together.
 */
export function rateLimit<T>(config: RateLimitConfig): MonoTypeOperatorFunction<T> {
  const { scheduler = asyncScheduler, ...limits } = config;
  createTokenBucket({ ...limits, now: () => 0 }); // Bad limits throw here, where they were given.
  return (source) =>
    new Observable<T>((subscriber) => {
      const bucket = createTokenBucket({ ...limits, now: () => scheduler.now() });
      const waiting = new Set<{ readonly value: T }>();
      let sourceEnded = false;
      let pause: Subscription | null = null;

      const pass = () => {
        pause = null;
        for (const item of waiting) {
          const waitMs = bucket.waitMs();
          if (waitMs > 0) {
            pause = timer(waitMs, scheduler).subscribe(pass);
            subscriber.add(pause);
            return;
          }
          bucket.take();
          waiting.delete(item);
          subscriber.next(item.value);
        }
        if (sourceEnded) subscriber.complete();
      };
      subscriber.add(() => waiting.clear());
      subscriber.add(
        source.subscribe({
          next: (value) => {
            waiting.add({ value });
            if (pause === null) pass();
          },
          error: (error: unknown) => subscriber.error(error),
          complete: () => {
            sourceEnded = true;
            if (waiting.size === 0) subscriber.complete();
          },
        }),
      );
    });
}
