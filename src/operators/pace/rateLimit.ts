import {
  type MonoTypeOperatorFunction,
  Observable,
  type SchedulerLike,
  type Subscriber,
  type Subscription,
  takeWhile,
  timer,
} from 'rxjs';
import { monotonicScheduler } from '../../base/monotonicScheduler.ts';
import { createFifoQueue } from '../internal/fifoQueue.ts';
import { maxTimerMs } from '../internal/options.ts';
import { createTokenBucket, type TokenBucket, type TokenBucketConfig } from './tokenBucket.ts';

export interface RateLimitConfig extends Omit<TokenBucketConfig, 'now'> {
  /** Clock of the waits. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

/**
 * Delays values so that no more than `perMinute` pass in any 60 s; keeps their order and loses
 * none.
 *
 *     source                                     (abc|)
 *     rateLimit({perMinute: 12_000, burst: 1})   a 4ms b 4ms (c|)     one in 5 ms
 *
 * Each value costs the same, however many wait. Each subscription has its own bucket; share a
 * `Governor` to hold several pipes to one pace.
 */
export function rateLimit<T>(config: RateLimitConfig): MonoTypeOperatorFunction<T> {
  const { scheduler = monotonicScheduler, ...limits } = config;
  createTokenBucket({ ...limits, now: () => 0 }); // Bad limits throw here, where they were given.
  return (source) =>
    new Observable<T>((subscriber) => {
      const bucket = createTokenBucket({ ...limits, now: () => scheduler.now() });
      const { push, end } = outlet(subscriber, bucket, scheduler);
      // The source cannot be unsubscribed while it is being subscribed: an endless one has to end
      // by itself.
      const whileWanted = source.pipe(takeWhile(() => !subscriber.closed));
      return whileWanted.subscribe({
        next: push,
        error: (error: unknown) => subscriber.error(error),
        complete: end,
      });
    });
}

/** Emits values in order, as the bucket has tokens for them. */
function outlet<T>(subscriber: Subscriber<T>, bucket: TokenBucket, scheduler: SchedulerLike) {
  const line = createFifoQueue<{ readonly value: T }>();
  let sourceEnded = false;
  let passing = false;
  let pause: Subscription | null = null;

  // A loop, not a recursion: a value that passes may make the source emit again.
  const pass = () => {
    if (passing) return;
    passing = true;
    pause = null;
    while (line.size > 0 && !subscriber.closed) {
      const waitMs = bucket.waitMs();
      if (waitMs > 0) {
        pause = timer(Math.min(waitMs, maxTimerMs), scheduler).subscribe(pass);
        subscriber.add(pause);
        break;
      }
      bucket.take();
      const first = line.takeFirst();
      if (first) subscriber.next(first.value);
    }
    passing = false;
    if (sourceEnded && line.size === 0) subscriber.complete();
  };
  return {
    push: (value: T) => {
      line.join({ value });
      if (pause === null) pass();
    },
    end: () => {
      sourceEnded = true;
      if (pause === null) pass();
    },
  };
}
