import { concat, defer, EMPTY, filter, NEVER, type Observable, switchMap, takeUntil, tap, timer } from 'rxjs';
import type { PartJournal } from '../part/partJournal.ts';
import type { PartInHand } from './partsInHand.ts';

const REST_CHECK_MS = 100;

/** Returns true if a job of a part has a prediction, or may have one, and no outcome yet. */
export function hasInFlight({ taken, journal }: Pick<PartInHand, 'taken' | 'journal'>): boolean {
  const open = journal.openIndexes();
  return taken.plans.some(
    ({ index }) => journal.outcomeOf(index) === null && (open.has(index) || journal.hasSlot(index)),
  );
}

/** Emits once the worker is stopped, and nothing of a part is in flight any more. */
export function whenAtRest(part: PartInHand, stop: Observable<unknown>): Observable<unknown> {
  return stop.pipe(
    switchMap(() => timer(0, REST_CHECK_MS)),
    filter(() => !hasInFlight(part)),
  );
}

/**
 * Keeps jobs in line that wait for their first create request when the worker is stopped: their
 * intent is never confirmed, so nothing is sent.
 *
 *     stop                   --s
 *     record(intended)       --!
 *     as the job sees it     ----------   never completes: the stop ends the job, too
 */
export function untilStopped(
  { record, hasSlot }: Pick<PartJournal, 'record' | 'hasSlot'>,
  stop: Observable<unknown>,
): Pick<PartJournal, 'record'> {
  return {
    record: (plan, entry) => {
      if (entry.type !== 'intended' || hasSlot(plan.index)) return record(plan, entry);
      return defer(() => {
        let isRecorded = false;
        const recorded = record(plan, entry).pipe(
          tap({
            complete: () => {
              isRecorded = true;
            },
          }),
          takeUntil(stop),
        );
        return concat(
          recorded,
          defer(() => (isRecorded ? EMPTY : NEVER)),
        );
      });
    },
  };
}
