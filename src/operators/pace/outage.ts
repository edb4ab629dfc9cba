import { Observable, type SchedulerLike, Subject, type Subscriber, Subscription, take } from 'rxjs';
import { createFifoQueue } from '../../base/items/fifoQueue.ts';
import { monotonicScheduler } from '../../base/monotonicScheduler.ts';
import { expectOption } from '../../base/options.ts';
import { createPeriods } from './periods.ts';

export interface OutageConfig {
  /** Failures in a row that make an outage: an integer of 1 or more. Default 4. */
  failures?: number;
  /**
   * Asks if the other side responds: emits if it does, an error if it does not. It also decides if
   * failures are an outage. Default: none; the first caller in line tries.
   */
  probe?: () => Observable<unknown>;
  /** Longest outage, at its end callers in line get an error. Default 2,700,000. */
  maxOutageMs?: number;
  /** Returns that error, from the last failure. Default: the last failure. */
  tooLong?: (error: unknown, awayMs: number) => unknown;
  /**
   * Called when the first caller has to wait, with the last failure, and with null when the outage
   * is over, or was too long. Default: no-op.
   */
  onChange?: (error: unknown, isTooLong: boolean) => void;
  /** Clock of the waits. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

/** The state of another side that may be away. */
export interface Outage {
  /**
   * Emits the time once and completes when a call may be made: at once, or when the other side
   * responds again. Emits an error if it stays away for too long.
   */
  admit(): Observable<number>;
  /**
   * Reports that the other side has responded to a call that was made at this time. One from before
   * the first failure proves nothing: only early responses may get through. Default: now.
   */
  responded(madeAtMs?: number): void;
  /**
   * Reports that it has not. `caller` distinguishes calls: those of one caller alone are an outage
   * only if `isCertain` that they had no effect. Default: it is. A failure that is rare among calls
   * begins no outage.
   */
  failed(
    error: unknown,
    from?: { readonly caller: unknown; readonly isCertain: boolean; readonly isRare?: boolean },
  ): void;
  /** Reports that it may respond again: the first caller in line tries at once. */
  hasten(): void;
  /** True from the last of the failures that make an outage until a response. */
  readonly isAway: boolean;
  /** Emits at the beginning of each outage. */
  readonly began: Observable<unknown>;
  /** Returns the time of outages since a moment, in ms. */
  awayMs(sinceMs: number): number;
  /** Returns true if there was an outage between two moments, with failures for 5 s or more. */
  wasAway(fromMs: number, toMs: number): boolean;
  /** Returns true if an outage that began before this moment is not known to be over. */
  hasBegunBefore(atMs: number): boolean;
}

/** First and longest pause between two tries; between tries whose result may stay unknown. */
const PAUSES_MS = { first: 1_000, longest: 10_000, longestInDoubt: 30_000 } as const;
/** Time without callers after which a long outage is not known any more to be one. */
const IDLE_MS = 60_000;
/** Shorter outages may be a few unlucky calls. */
const LONG_MS = 5_000;
/** Time without a response after which the next caller tries too: the first may just be slow. */
const TRY_MS = 10_000;

/**
 * Holds calls back while the other side is away: after `failures` in a row without a response,
 * until a probe succeeds or one caller that tries gets a response. The first response ends the
 * outage, and all callers in line are let go.
 *
 *     calls fail (x), one response (r)    --x-x-x-x---------x-------r
 *     pause, and the first in line tries          -- 1s --T-- 2s --T
 *     admit(), early                      -(a|)
 *     admit(), in the outage                        ----------------(a|)
 *
 * Timers run only while callers wait.
 */
export function createOutage(config: OutageConfig = {}): Outage {
  const { failures = 4, probe, maxOutageMs = 2_700_000, tooLong = (error) => error } = config;
  const { onChange = () => {}, scheduler = monotonicScheduler } = config;
  expectOption(Number.isInteger(failures) && failures >= 1, 'failures', 'an integer of 1 or more', failures);
  expectOption(maxOutageMs >= 0, 'maxOutageMs', 'a number of 0 or more', maxOutageMs);
  const line = createFifoQueue<Subscriber<number>>();
  const periods = createPeriods(() => scheduler.now());
  const began = new Subject<unknown>();
  /** `trying`: the pause is over, and one caller after the other tries. */
  let state: 'up' | 'away' | 'trying' = 'up';
  let lastError: unknown = null;
  let isInDoubt = false;
  let failedInARow = 0;
  let failedSinceMs = 0;
  let callers = new Set<unknown>();
  let tries = 0;
  let nextTryMs = 0;
  let heldSinceMs = 0;
  let heldMs = 0;
  let isReported = false;
  let turn: Subscription | null = null;

  const rest = (): void => {
    turn?.unsubscribe();
    turn = null;
  };
  /** Notes that callers are held back, or try. */
  const hold = (): void => {
    const nowMs = scheduler.now();
    if (nowMs - heldMs > IDLE_MS) heldSinceMs = nowMs;
    heldMs = nowMs;
  };
  const forget = (): void => {
    failedInARow = 0;
    callers = new Set();
  };
  const letGo = (subscriber: Subscriber<number>): void => {
    subscriber.next(scheduler.now());
    subscriber.complete();
  };
  /** Ends an outage. Callers that are let go may fail at once, and begin the next one. */
  const end = (release: (subscriber: Subscriber<number>) => void, isTooLong = false): void => {
    rest();
    forget();
    state = 'up';
    tries = 0;
    periods.end();
    if (isReported) onChange(null, isTooLong);
    isReported = false;
    for (let left = line.size; left > 0 && state === 'up'; left -= 1) {
      const subscriber = line.takeFirst();
      if (subscriber !== undefined) release(subscriber);
    }
  };
  const pause = (): void => {
    const longestMs = isInDoubt ? PAUSES_MS.longestInDoubt : PAUSES_MS.longest;
    hold();
    periods.confirm();
    nextTryMs = scheduler.now() + Math.min(longestMs, PAUSES_MS.first * 2 ** tries);
    tries += 1;
    state = 'away';
    rest();
    plan();
  };
  const begin = (): void => {
    periods.begin(failedSinceMs);
    heldSinceMs = failedSinceMs;
    heldMs = scheduler.now();
    pause();
    began.next(null);
  };
  const respond = (): void => {
    // A probe is of no use any more.
    if (state === 'up') rest();
    else end(letGo);
    forget();
  };
  const ask = (question: () => Observable<unknown>, onSilence: () => void): void => {
    // It may end before `subscribe` returns.
    const asking = new Subscription();
    turn = asking;
    asking.add(
      question()
        .pipe(take(1))
        .subscribe({
          error: (error: unknown) => {
            turn = null;
            lastError = error;
            onSilence();
          },
          complete: respond,
        }),
    );
  };
  const letNextTry = (): void => {
    state = 'trying';
    nextTryMs = scheduler.now() + TRY_MS;
    const next = line.takeFirst();
    if (next !== undefined) letGo(next);
    plan();
  };
  const tryNow = (): void => {
    turn = null;
    const awayMs = scheduler.now() - heldSinceMs;
    if (awayMs >= maxOutageMs) {
      const error = tooLong(lastError, awayMs);
      end((subscriber) => subscriber.error(error), true);
    } else if (probe !== undefined) ask(probe, pause);
    else letNextTry();
  };
  /** Sets the timer of the next try, for as long as callers wait. */
  const plan = (): void => {
    if (turn !== null || state === 'up' || line.size === 0) return;
    turn = scheduler.schedule(tryNow, Math.max(0, nextTryMs - scheduler.now()));
  };
  const wait = (subscriber: Subscriber<number>): (() => void) => {
    hold();
    const leave = line.join(subscriber);
    if (!isReported) {
      isReported = true;
      onChange(lastError, false);
    }
    plan();
    return () => {
      leave();
      if (line.size === 0 && state !== 'up') rest();
    };
  };

  return {
    admit: () =>
      new Observable<number>((subscriber) => {
        if (state !== 'up') return wait(subscriber);
        letGo(subscriber);
        return undefined;
      }),
    responded(madeAtMs = scheduler.now()) {
      if (failedInARow === 0 || madeAtMs >= failedSinceMs) respond();
    },
    failed(error, { caller, isCertain, isRare = false } = { caller: null, isCertain: true }) {
      lastError = error;
      isInDoubt = !isCertain;
      if (state === 'trying') pause();
      if (state !== 'up') return periods.confirm();
      if (failedInARow === 0) failedSinceMs = scheduler.now();
      failedInARow += 1;
      callers.add(caller);
      const isTooFew = failedInARow < failures || (callers.size < 2 && !isCertain);
      if (isTooFew || isRare || turn !== null) return;
      if (probe === undefined) begin();
      else ask(probe, begin);
    },
    hasten() {
      if (state !== 'away') return;
      nextTryMs = scheduler.now();
      rest();
      plan();
    },
    get isAway() {
      return state !== 'up';
    },
    began,
    awayMs: periods.sumMs,
    wasAway: (fromMs, toMs) => periods.overlap(fromMs, toMs, LONG_MS),
    hasBegunBefore: (atMs) => state !== 'up' && failedSinceMs < atMs,
  };
}
