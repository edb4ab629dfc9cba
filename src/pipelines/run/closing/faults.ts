import {
  concat,
  concatMap,
  dematerialize,
  from,
  type MonoTypeOperatorFunction,
  map,
  materialize,
  type ObservableInput,
  of,
  throwError,
} from 'rxjs';
import { messageOf } from '../../../base/text.ts';
import type { RunTotals } from '../../../events/totals.ts';
import type { FinishedRun } from './results.ts';

/**
 * An error that ended a run: images made until then are saved. The totals are 0 if it came before
 * the run began.
 */
export interface RunFault extends Error {
  readonly totals: RunTotals;
}

/** Returns true for an error that ended a run: it has the totals of that run. */
export function isRunFault(error: unknown): error is RunFault {
  return error instanceof Error && 'totals' in error;
}

/**
 * Adds the totals of a run to the error that ended it; wraps a value that is no error, or frozen.
 */
export function withTotals(fault: unknown, totals: RunTotals): RunFault {
  const error =
    fault instanceof Error && Object.isExtensible(fault)
      ? fault
      : new Error(messageOf(fault), { cause: fault });
  return Object.assign(error, { totals });
}

/** Returns the end of a run whose folder or destinations could not be closed. */
export function endUnclosed(end: FinishedRun, fault: unknown): FinishedRun {
  return { ...end, fault: end.fault ?? fault };
}

/**
 * Emits the end of a run, then the error that ended it, if there is one, with the totals on it. A
 * promise of the run is rejected then.
 *
 *     run with a fault    ---(e|)
 *     endOrFault()        ---(e#)
 */
export function endOrFault(): MonoTypeOperatorFunction<FinishedRun> {
  return concatMap((end) =>
    end.fault === null
      ? of(end)
      : concat(
          of(end),
          throwError(() => withTotals(end.fault, end.totals)),
        ),
  );
}

/**
 * Works on the end of a run before it is passed on. The error behind the end waits until that is
 * done.
 */
export function atEnd(
  work: (end: FinishedRun) => ObservableInput<FinishedRun>,
): MonoTypeOperatorFunction<FinishedRun> {
  return (run) =>
    run.pipe(
      materialize(),
      concatMap((each) =>
        each.kind === 'N'
          ? from(work(each.value)).pipe(map((value) => ({ kind: 'N' as const, value })))
          : of(each),
      ),
      dematerialize(),
    );
}
