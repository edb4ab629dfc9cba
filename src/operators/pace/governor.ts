import { Observable, type SchedulerLike, type Subscriber, type Subscription, timer } from 'rxjs';
import { monotonicScheduler } from '../../base/monotonicScheduler.ts';
import type { CreateTicket, Governor } from '../../ports.ts';
import { createFifoQueue } from '../internal/fifoQueue.ts';
import { maxTimerMs } from '../internal/options.ts';
import { createPaceLearner } from './paceLearner.ts';
import { createServiceBucket } from './serviceBucket.ts';
import { createTokenBucket, type TokenBucketConfig } from './tokenBucket.ts';

export interface GovernorConfig extends Omit<TokenBucketConfig, 'now'> {
  /** Clock of the waits. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

/**
 * First wait after a refusal that names none; doubles each time the next create request is refused
 * too, up to the longest.
 */
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

/**
 * Lets create requests pass, first come first served, at no more than `perMinute` and at the pace
 * that the service allows.
 *
 *     admit() three times, {perMinute: 12_000, burst: 1}   (a|)
 *                                                          -----(a|)
 *                                                          ----------(a|)
 *     a.refused(9), b.refused(3), then admit()             ---------(a|)
 *     a.accepted({remaining: 0, fullInMs: 10_000}),
 *     then admit()                                         10260ms (a|)   a token in 9.5 s, and a margin
 *
 * A refusal closes the governor to all callers for as long as the service names. The pace after
 * that, and the moments when the service has no room, come from the limits that responses name
 * (`ServiceBucket`); if they name none, from refusals alone (`PaceLearner`). Responses to create
 * requests sent before the last refusal change no pace.
 */
export function createGovernor(config: GovernorConfig): Governor {
  const { scheduler = monotonicScheduler, ...limits } = config;
  const now = () => scheduler.now();
  const line = createFifoQueue<Subscriber<CreateTicket>>();
  const own = createTokenBucket({ ...limits, now });
  const pace = createPaceLearner({ fastestPerMinute: own.refillPerMinute });
  const service = createServiceBucket({ pace, now });
  let refusedAtMs = Number.NEGATIVE_INFINITY;
  let closedUntilMs = Number.NEGATIVE_INFINITY;
  let pause: Subscription | null = null;
  let admitting = false;
  /** Closures without an accepted create request between them. */
  let closuresInARow = 0;

  // A loop, not a recursion: a caller that is let in may ask for the next ticket at once.
  const letIn = () => {
    if (admitting) return;
    admitting = true;
    pause?.unsubscribe();
    pause = null;
    while (line.size > 0) {
      const waitMs = Math.max(closedUntilMs - now(), own.waitMs(), service.waitMs());
      if (waitMs > 0) {
        pause = timer(Math.min(waitMs, maxTimerMs), scheduler).subscribe(letIn);
        break;
      }
      const ticket = newTicket();
      const first = line.takeFirst();
      first?.next(ticket);
      first?.complete();
    }
    admitting = false;
  };

  const newTicket = (): CreateTicket => {
    own.take();
    const volley = service.take();
    const create = pace.sent(now());
    return {
      accepted(limits) {
        if (pace.isPresent(create)) closuresInARow = 0;
        if (limits !== null) service.reported(volley, limits);
        // Only a full bucket lets the pace grow: the service could have had the request sooner.
        if (limits === null || limits.remaining >= service.capacity - 1) pace.accepted(create);
        if (service.filling !== null) pace.reported(service.filling);
        letIn();
      },
      refused(waitMs) {
        const isNews = pace.isPresent(create);
        if (isNews) {
          closuresInARow += 1;
          refusedAtMs = now();
        }
        const doubledMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (closuresInARow - 1));
        const closedMs = waitMs ?? doubledMs;
        own.giveBack();
        service.giveBack();
        pace.refused(create, closedMs);
        if (isNews) service.emptied(closedMs);
        // Requests that were sent together are refused together, however late the responses are.
        closedUntilMs = Math.max(closedUntilMs, refusedAtMs + closedMs);
        letIn();
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
