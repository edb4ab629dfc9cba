import { concatMap, NEVER, type Observable, type SchedulerLike, timer } from 'rxjs';

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
