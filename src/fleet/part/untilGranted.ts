import {
  concatMap,
  defer,
  EMPTY,
  type Observable,
  of,
  retry,
  type SchedulerLike,
  takeUntil,
  throwError,
  timer,
} from 'rxjs';
import { abortOf } from '../../base/fromAbortable.ts';
import type { Admission } from '../database/partCalls.ts';

/** The answer was to wait. */
class MustWait extends Error {
  readonly waitMs: number;

  constructor(waitMs: number) {
    super(`Wait ${waitMs} ms`);
    this.waitMs = waitMs;
  }
}

/** Longest wait before the next question: the run may have been paused meanwhile. */
const LONGEST_WAIT_MS = 5_000;

/**
 * Asks until the answer is another one than to wait; completes without one if the signal is aborted
 * meanwhile. A question on its way is never dropped: it may be granted.
 */
export function untilGranted(
  ask: () => Observable<Admission>,
  signal: AbortSignal,
  { random, scheduler }: { readonly random: () => number; readonly scheduler: SchedulerLike },
): Observable<Exclude<Admission, { verdict: 'wait' }>> {
  return defer(() => (signal.aborted ? EMPTY : ask())).pipe(
    concatMap((answer) =>
      answer.verdict === 'wait' ? throwError(() => new MustWait(answer.waitMs)) : of(answer),
    ),
    retry({
      delay: (error: unknown) => {
        if (!(error instanceof MustWait)) return throwError(() => error);
        const waitMs = Math.min(LONGEST_WAIT_MS, error.waitMs * (1 + random() / 10));
        return timer(waitMs, scheduler).pipe(takeUntil(abortOf(signal)));
      },
    }),
  );
}
