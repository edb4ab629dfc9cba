import {
  asyncScheduler,
  Observable,
  type SchedulerLike,
  type Subscriber,
  type Subscription,
  timer,
} from 'rxjs';
import type { Governor } from '../ports.ts';
import { createTokenBucket, type TokenBucketConfig } from './createTokenBucket.ts';

export interface GovernorConfig extends Omit<TokenBucketConfig, 'now'> {
  /** Clock of the waits. Default asyncScheduler. */
  scheduler?: SchedulerLike;
}

/** What Replicate allows an account with little credit; no service we know of allows less. */
const SLOWEST_PER_MINUTE = 6;
/** So many creates between two refusals speak for the pace they were sent at rather than for an estimate. */
const ENOUGH_TO_TRUST = 2;
const STEP_BACK = 0.9;
/** First wait after a refusal that names none; doubles with each one up to the longest. */
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;
/** How much faster each accepted create makes the pace: carefully once it is known, boldly before and long after. */
const CAREFUL_GROWTH = 1.003;
const BOLD_GROWTH = 1.05;
const BOLD_AFTER_MS = 60_000;

/**
 * Lets creates pass, first come first served, at no more than `perMinute`, and learns the pace that the service allows.
 *
 * A refusal closes it for as long as the service named. What was let through between two refusals tells the service's
 * own refill rate, as its bucket was empty at both: that becomes the pace, and grows again with each accepted create.
 */
export function createGovernor(config: GovernorConfig): Governor {
  const { scheduler = asyncScheduler, ...limits } = config;
  const now = () => scheduler.now();
  const line = new Set<Subscriber<void>>();
  const bucket = createTokenBucket({ ...limits, now });
  let pacePerMinute = limits.perMinute;
  let closedUntilMs = Number.NEGATIVE_INFINITY;
  let pause: Subscription | null = null;
  /** Let through since the last refusal that closed an open governor, and when that was. */
  let admittedSince = 0;
  let refusedAtMs = Number.NEGATIVE_INFINITY;
  let refusalsInARow = 0;
  let rounds = 0;

  const setPace = (perMinute: number) => {
    const slowest = Math.min(SLOWEST_PER_MINUTE, limits.perMinute);
    pacePerMinute = Math.min(limits.perMinute, Math.max(slowest, perMinute));
    bucket.setPace({ perMinute: pacePerMinute, burst: 1 });
  };

  const letIn = () => {
    pause?.unsubscribe();
    pause = null;
    for (const subscriber of line) {
      const waitMs = Math.max(closedUntilMs - now(), bucket.waitMs());
      if (waitMs > 0) {
        pause = timer(Math.min(waitMs, 2 ** 31 - 1), scheduler).subscribe(letIn);
        return;
      }
      bucket.take();
      admittedSince += 1;
      line.delete(subscriber);
      subscriber.next();
      subscriber.complete();
    }
  };

  /** The pace that the refusals so far speak for. */
  const learntPace = (namedMs: number) => {
    const sinceMs = now() - refusedAtMs;
    const isFirst = !Number.isFinite(sinceMs);
    // With an empty bucket the wait is the time for one more, in whole seconds: up to twice as fast is worth a try.
    if (isFirst) return Math.min(pacePerMinute / 2, 120_000 / namedMs);
    if (admittedSince > ENOUGH_TO_TRUST) return pacePerMinute * STEP_BACK;
    // The last one was refused, half a create before the service had room for it.
    return ((admittedSince - 0.5) / sinceMs) * 60_000;
  };

  return {
    admit: () =>
      new Observable<void>((subscriber) => {
        line.add(subscriber);
        if (pause === null) letIn();
        return () => {
          line.delete(subscriber);
          if (line.size === 0) pause?.unsubscribe();
          if (line.size === 0) pause = null;
        };
      }),
    throttle(waitMs) {
      refusalsInARow += 1;
      bucket.giveBack();
      const isNewRound = now() >= closedUntilMs;
      const namedMs = waitMs ?? Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (refusalsInARow - 1));
      if (isNewRound) {
        setPace(Math.min(pacePerMinute, learntPace(namedMs)));
        admittedSince = 0;
        rounds += 1;
        refusedAtMs = now();
      }
      closedUntilMs = Math.max(closedUntilMs, now() + namedMs);
      if (line.size > 0) letIn();
    },
    accepted() {
      refusalsInARow = 0;
      if (pacePerMinute < limits.perMinute) {
        const isGuess = rounds < 2 || now() - refusedAtMs > BOLD_AFTER_MS;
        setPace(pacePerMinute * (isGuess ? BOLD_GROWTH : CAREFUL_GROWTH));
      }
    },
  };
}
