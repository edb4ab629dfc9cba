import { asyncScheduler, concatMap, NEVER, type Observable, type SchedulerLike, timer } from 'rxjs';

/** A scheduler that knows the time of day beside its own line of time. */
export interface ClockScheduler extends SchedulerLike {
  /** Returns the time of day, ms since 1970. It jumps if the machine's clock is set. */
  readonly wallNow?: () => number;
}

/**
 * The default clock of all waits, paces and time limits: `asyncScheduler` with a `now` that begins
 * at the time of day, ms since 1970, and never jumps, however the machine's clock is set.
 *
 * Moments that are stored or sent are those of `wallNow`, since the service and later processes
 * compare them with their own clocks.
 */
export const monotonicScheduler: ClockScheduler = {
  now: () => Math.round(performance.timeOrigin + performance.now()),
  wallNow: () => asyncScheduler.now(),
  schedule: asyncScheduler.schedule.bind(asyncScheduler),
};

/**
 * Returns the time of day, ms since 1970. A scheduler that has no other line of time, a virtual one
 * for example, gives its own.
 */
export function wallNow(scheduler: ClockScheduler): number {
  return scheduler.wallNow?.() ?? scheduler.now();
}

/**
 * Begins to measure an age; returns a function that returns it in ms. It uses the monotonic clock
 * or the time of day, the one that gives more: the one may stand still while the machine sleeps,
 * the other may be set back.
 */
export function ageFrom(scheduler: ClockScheduler): () => number {
  const [sinceMs, sinceWallMs] = [scheduler.now(), wallNow(scheduler)];
  return () => Math.max(scheduler.now() - sinceMs, wallNow(scheduler) - sinceWallMs);
}

/** The longest wait that a timer can take, nearly 25 days; with a longer one it fires at once. */
export const maxTimerMs = 2 ** 31 - 1;

/**
 * Emits 0 and completes after a wait of any length. Takes a timer after the other for a wait that
 * is longer than one can take; an infinite one never ends.
 *
 *     longTimer(3, scheduler)   ---(0|)
 */
export function longTimer(waitMs: number, scheduler: SchedulerLike): Observable<0> {
  if (waitMs === Number.POSITIVE_INFINITY) return NEVER;
  if (waitMs <= maxTimerMs) return timer(waitMs, scheduler);
  const rest = () => longTimer(waitMs - maxTimerMs, scheduler);
  return timer(maxTimerMs, scheduler).pipe(concatMap(rest));
}
