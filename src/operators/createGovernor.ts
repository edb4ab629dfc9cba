import {
  asyncScheduler,
  Observable,
  type SchedulerLike,
  type Subscriber,
  type Subscription,
  timer,
} from 'rxjs';
import type { Governor } from '../ports.ts';
import { createLine } from './createLine.ts';
import { createPaceLearner } from './createPaceLearner.ts';
import { createTokenBucket, type TokenBucketConfig } from './createTokenBucket.ts';
import { maxTimerMs } from './maxTimerMs.ts';

export interface GovernorConfig extends Omit<TokenBucketConfig, 'now'> {
  /** Clock of the waits. Default asyncScheduler. */
  scheduler?: SchedulerLike;
}

/** First wait after a refusal that names none; doubles each time the next create is refused too, up to the longest. */
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

/**
 * Lets creates pass, first come first served, at no more than `perMinute`, and learns the pace that the service allows.
 *
 *     admit() three times, {perMinute: 12_000, burst: 1}   (a|)
 *                                                          -----(a|)
 *                                                          ----------(a|)
 *     throttle(9), throttle(3), then admit()               ---------(a|)
 *
 * A refusal closes it for as long as the service named, for all who wait; a `PaceLearner` says how fast it goes on.
 */
export function createGovernor(config: GovernorConfig): Governor {
  const { scheduler = asyncScheduler, ...limits } = config;
  const now = () => scheduler.now();
  const line = createLine<Subscriber<void>>();
  const bucket = createTokenBucket({ ...limits, now });
  const pace = createPaceLearner({ fastestPerMinute: bucket.refillPerMinute });
  let closedUntilMs = Number.NEGATIVE_INFINITY;
  let pause: Subscription | null = null;
  let admitting = false;
  /** Closures without an accepted create between them. */
  let closuresInARow = 0;

  // A loop, not a recursion: who is let in may ask for the next one at once.
  const letIn = () => {
    if (admitting) return;
    admitting = true;
    pause?.unsubscribe();
    pause = null;
    while (line.size > 0) {
      const waitMs = Math.max(closedUntilMs - now(), bucket.waitMs());
      if (waitMs > 0) {
        pause = timer(Math.min(waitMs, maxTimerMs), scheduler).subscribe(letIn);
        break;
      }
      bucket.take();
      pace.admitted();
      const first = line.takeFirst();
      first?.next();
      first?.complete();
    }
    admitting = false;
  };
  const keepPace = () => bucket.setPace({ perMinute: pace.perMinute, burst: 1 });

  return {
    admit: () =>
      new Observable<void>((subscriber) => {
        const leave = line.join(subscriber);
        if (pause === null) letIn();
        return () => {
          leave();
          if (line.size > 0) return;
          pause?.unsubscribe();
          pause = null;
        };
      }),
    throttle(waitMs) {
      const isOpen = now() >= closedUntilMs;
      if (isOpen) closuresInARow += 1;
      const doubledMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (closuresInARow - 1));
      const closedMs = waitMs ?? doubledMs;
      bucket.giveBack();
      if (isOpen) pace.refused(now(), closedMs);
      keepPace();
      closedUntilMs = Math.max(closedUntilMs, now() + closedMs);
      if (line.size > 0) letIn();
    },
    accepted() {
      closuresInARow = 0;
      const before = pace.perMinute;
      pace.accepted();
      if (pace.perMinute !== before) keepPace();
    },
  };
}
