import { type MonoTypeOperatorFunction, tap } from 'rxjs';
import type { RunTotals } from '../../../events/totals.ts';
import type { Outcome } from '../../../types.ts';
import type { OpenRun } from '../settings.ts';

/** Counts skipped jobs whose prediction was created, or may have been. */
interface LeftCounter {
  readonly note: MonoTypeOperatorFunction<Outcome>;
  /** Adds the counts to the totals of a run; leaves them as they are if there are none. */
  addTo(totals: RunTotals): RunTotals;
}

/** Creates a counter that takes the money from the journal, where it is reserved. */
export function createLeftCounter({ journal }: Pick<OpenRun, 'journal'>): LeftCounter {
  let jobs = 0;
  let reservedMicroUsd = 0;
  return {
    note: tap(({ index, error }) => {
      if (error?.code !== 'ERR_NOT_COLLECTED') return;
      jobs += 1;
      reservedMicroUsd += journal.find(index)?.openMicroUsd ?? 0;
    }),
    addTo: (totals) =>
      jobs === 0 ? totals : { ...totals, left: { jobs, reservedUsd: reservedMicroUsd / 1_000_000 } },
  };
}
