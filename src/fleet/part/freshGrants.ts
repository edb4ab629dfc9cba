import { defer, tap } from 'rxjs';
import { ageFrom, type ClockScheduler, monotonicScheduler } from '../../base/monotonicScheduler.ts';
import type { Journal } from '../../ports.ts';
import type { PartCalls } from '../database/partCalls.ts';

/**
 * Age up to which a grant may be used. A worker that takes the part over looks for a lost create
 * request only 8 s after its grant, when nothing of it can be on its way any more.
 */
export const LONGEST_GRANT_MS = 2_000;

/** The calls about a part, and the age of its grants. */
export interface FreshGrants extends Required<Pick<Journal, 'mayStillSend'>> {
  readonly calls: PartCalls;
  /** Returns the moment of the last one, ms since 1970 by the database's clock; null: none. */
  lastGrantMs(): number | null;
}

/**
 * Notes when admissions are asked for. `mayStillSend` is that of the journal over these calls: true
 * of a job for 2 s after the last time that `begin` was asked about it.
 *
 *     begin           --a---(g|)              a: asked, g: granted
 *     mayStillSend      ------------------!   false from 2 s after a
 */
export function createFreshGrants(
  calls: PartCalls,
  { scheduler = monotonicScheduler }: { scheduler?: ClockScheduler } = {},
): FreshGrants {
  const ages = new Map<number, () => number>();
  let last: number | null = null;
  return {
    calls: {
      ...calls,
      begin: (asking) =>
        defer(() => {
          ages.set(asking.index, ageFrom(scheduler));
          return calls.begin(asking).pipe(
            tap((admission) => {
              if (admission.verdict === 'granted') last = admission.atMs;
            }),
          );
        }),
    },
    lastGrantMs: () => last,
    mayStillSend: (index) => (ages.get(index)?.() ?? Number.POSITIVE_INFINITY) <= LONGEST_GRANT_MS,
  };
}
