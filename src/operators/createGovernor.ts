import {
  asyncScheduler,
  Observable,
  type SchedulerLike,
  type Subscriber,
  type Subscription,
  timer,
} from 'rxjs';
import type { CreateTicket, Governor } from '../ports.ts';
import { createLine } from './createLine.ts';
import { createPaceLearner } from './createPaceLearner.ts';
import { createServiceBucket } from './createServiceBucket.ts';
import { createTokenBucket, type TokenBucketConfig } from './createTokenBucket.ts';
import { maxTimerMs } from './maxTimerMs.ts';

export interface GovernorConfig extends Omit<TokenBucketConfig, 'now'> {
  /** Clock of the waits. Default asyncScheduler. */
  scheduler?: SchedulerLike;
}

/** First wait after a refusal that names none; doubles each time the next create is refused too, up to the longest. */
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

export function createGovernor(config: GovernorConfig): Governor {
  const { scheduler = asyncScheduler, ...limits } = config;
  const now = () => scheduler.now();
  const line = createLine<Subscriber<CreateTicket>>();
  const bucket = createTokenBucket({ ...limits, now });
  const pace = createPaceLearner({ fastestPerMinute: bucket.refillPerMinute });
  const service = createServiceBucket({ pace, now });
  let closedUntilMs = Number.NEGATIVE_INFINITY;
  let pause: Subscription | null = null;
  let admitting = false;
  let closuresInARow = 0;
  const letIn = () => {
    if (admitting) return;
    admitting = true;
    pause?.unsubscribe();
    pause = null;
    while (line.size > 0) {
      const waitMs = Math.max(closedUntilMs - now(), bucket.waitMs(), service.waitMs());
      if (waitMs > 0) {
        pause = timer(Math.min(waitMs, maxTimerMs), scheduler).subscribe(letIn);
        break;
      }
      const first = line.takeFirst();
      first?.next(send());
      first?.complete();
    }
    admitting = false;
  };
  const send = (): CreateTicket => {
    bucket.take();
    const draw = service.take();
    const attempt = pace.sent(now());
    let wasFull = true;
    return {
      told(told) {
        service.told(draw, told);
        wasFull = told.remaining >= service.capacity - 1;
        const { remaining, fullInMs } = told;
        if (fullInMs !== null && remaining <= service.capacity / 2 - 0.5)
          pace.told(service.capacity - remaining, fullInMs);
        if (pause !== null) letIn();
      },
      accepted() {
        if (pace.isPresent(attempt)) closuresInARow = 0;
        if (wasFull) pace.accepted(attempt);
      },
      refused(waitMs) {
        if (pace.isPresent(attempt)) closuresInARow += 1;
        const closedMs = waitMs ?? Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (closuresInARow - 1));
        bucket.giveBack();
        pace.refused(attempt, closedMs);
        service.refused(closedMs);
        closedUntilMs = Math.max(closedUntilMs, now() + closedMs);
        if (line.size > 0) letIn();
      },
    };
  };

  return {
    admit: () =>
      new Observable<CreateTicket>((subscriber) => {
        const leave = line.join(subscriber);
        if (pause === null) letIn();
        return () => {
          leave();
          if (line.size > 0) return;
          pause?.unsubscribe();
          pause = null;
        };
      }),
  };
}
