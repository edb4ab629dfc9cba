import { Observable, type SchedulerLike, type Subscriber, type Subscription } from 'rxjs';
import { createFifoQueue } from '../../base/items/fifoQueue.ts';
import { longTimer, monotonicScheduler } from '../../base/monotonicScheduler.ts';
import type { ProviderError } from '../../errors.ts';
import type { CreateTicket, Governor } from '../../ports.ts';
import { expectAbove0, expectConfig } from '../internal/options.ts';
import { createClosure } from './closure.ts';
import { createPaceLearner } from './paceLearner.ts';
import { createServiceBucket } from './serviceBucket.ts';
import { createTokenBucket, expectRate } from './tokenBucket.ts';

export interface GovernorConfig {
  /** Create requests in any 60 s, at most: a finite number above 0. */
  perMinute: number;
  /** Requests that may be sent at once after a pause. Default: one second's worth, at least 1. */
  burst?: number;
  /**
   * Longest time for which the service may refuse all create requests, or ask to wait. Then those
   * in line fail with `ERR_WAIT_TOO_LONG`, which stops the run. Default 600,000.
   */
  maxWaitMs?: number;
  /**
   * Called if the limits that responses name hold create requests back for 5 s or more; if it
   * throws, the request that waits first ends with that error. Default: no-op.
   */
  onPause?: (waitMs: number) => void;
  /** Clock of the waits. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

/** Shorter pauses are part of the pace. */
const SHORTEST_PAUSE_MS = 5_000;
/** Longest trust in the copy of the service's bucket: then a request tries. */
const LONGEST_TRUST_MS = 60_000;

/**
 * Lets create requests pass, first come first served, at no more than `perMinute` and at the pace
 * that the service allows.
 *
 *     admit() three times, {perMinute: 12_000, burst: 1}   (a|)
 *                                                          -----(a|)
 *                                                          ----------(a|)
 *     a.refused(9), b.refused(3), then admit()             ---------(a|)
 *     a.refused(10^12), then admit()                       1m (a|)        it may be a slip
 *     and that one too, then admit()                       #
 *     a.accepted({remaining: 0, fullInMs: 10_000}),
 *     then admit()                                         10260ms (a|)   a token in 9.5 s, and a margin
 *
 * A refusal closes the governor to all callers for as long as the service names (`Closure`). The
 * pace after that, and the moments when the service has no room, come from the limits that
 * responses name (`ServiceBucket`); if they name none, from refusals alone (`PaceLearner`).
 * Responses to create requests sent before the last refusal change no pace. Refused requests go
 * before those that have not been sent yet, so that each refusal has its own next try.
 */
export function createGovernor(config: GovernorConfig): Governor {
  expectConfig(config, 'perMinute');
  const { scheduler = monotonicScheduler, maxWaitMs = 600_000, onPause = () => {} } = config;
  const { perMinute, burst } = config;
  expectRate(perMinute, 'perMinute');
  expectAbove0(maxWaitMs, 'maxWaitMs');
  const now = () => scheduler.now();
  const lines = [createFifoQueue<Subscriber<CreateTicket>>(), createFifoQueue<Subscriber<CreateTicket>>()];
  const own = createTokenBucket({
    limit: perMinute,
    windowMs: 60_000,
    now,
    ...(burst === undefined ? {} : { burst }),
  });
  const pace = createPaceLearner({ fastestPerMinute: own.refillPerMinute });
  const service = createServiceBucket({ pace, now });
  const closure = createClosure({ maxWaitMs, now });
  let sentAtMs = Number.NEGATIVE_INFINITY;
  let pause: Subscription | null = null;
  let pausedUntilMs = Number.NEGATIVE_INFINITY;
  let admitting = false;

  const waiting = () => lines.reduce((sum, { size }) => sum + size, 0);
  const takeFirst = () => lines.find(({ size }) => size > 0)?.takeFirst();
  /** Time in ms until the service is believed to have room. */
  const roomMs = () => Math.min(service.waitMs(), Math.max(0, sentAtMs + LONGEST_TRUST_MS - now()));
  /** Returns false if `onPause` throws, whose error the first in line gets. */
  const notePause = (waitMs: number): boolean => {
    const knownMs = Math.max(0, pausedUntilMs - now(), closure.waitMs());
    if (roomMs() < waitMs || waitMs < knownMs + SHORTEST_PAUSE_MS) return true;
    pausedUntilMs = now() + waitMs;
    try {
      onPause(waitMs);
      return true;
    } catch (error) {
      takeFirst()?.error(error);
      return false;
    }
  };
  // A loop, not a recursion: a caller that is let in may ask for the next ticket at once.
  const letIn = () => {
    if (admitting) return;
    admitting = true;
    pause?.unsubscribe();
    pause = null;
    while (waiting() > 0) {
      const waitMs = Math.max(closure.waitMs(), own.waitMs(), roomMs());
      if (waitMs > 0) {
        if (!notePause(waitMs)) continue;
        pause = longTimer(waitMs, scheduler).subscribe(letIn);
        break;
      }
      const ticket = newTicket();
      const first = takeFirst();
      first?.next(ticket);
      first?.complete();
    }
    admitting = false;
  };
  const turnAway = (fault: ProviderError) => {
    for (let left = waiting(); left > 0; left -= 1) takeFirst()?.error(fault);
  };

  const newTicket = (): CreateTicket => {
    own.take();
    const volley = service.take();
    const create = pace.sent(now());
    sentAtMs = now();
    closure.sent();
    let isOver = false;
    const over = () => {
      if (!isOver) closure.over();
      isOver = true;
    };
    return {
      accepted(limits) {
        over();
        closure.accepted(pace.isPresent(create));
        if (limits !== null) service.reported(volley, limits);
        // Only a full bucket lets the pace grow: the service could have had the request sooner.
        if (limits === null || limits.remaining >= service.capacity - 1) pace.accepted(create);
        if (service.filling !== null) pace.reported(service.filling);
        letIn();
      },
      refused(waitMs, reason = null) {
        over();
        const isNews = pace.isPresent(create);
        const closedMs = closure.refused(waitMs, isNews, reason);
        own.giveBack();
        service.giveBack();
        pace.refused(create, closedMs);
        if (isNews) service.emptied(closedMs);
        const fault = closure.fault();
        if (fault !== null) turnAway(fault);
        letIn();
      },
      over,
    };
  };

  return {
    admit: (wasRefused = false) =>
      new Observable<CreateTicket>((subscriber) => {
        const fault = closure.fault();
        if (fault !== null) return subscriber.error(fault);
        const leave = lines[wasRefused ? 0 : 1]?.join(subscriber);
        if (pause === null) letIn();
        return () => {
          leave?.();
          if (waiting() > 0) return;
          pause?.unsubscribe();
          pause = null;
        };
      }),
    closedMs: closure.waitMs,
  };
}
