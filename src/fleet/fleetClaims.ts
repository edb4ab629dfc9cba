import { map, type Observable, of, tap } from 'rxjs';
import type { Claims } from '../ports.ts';
import type { PartCalls } from './database/partCalls.ts';

export interface FleetClaimsConfig {
  /**
   * Emits the ids of all claims of the account that may still matter, but for those of attempts
   * that this worker looks for: their last owner may have died before it noted the prediction.
   * Default: none.
   */
  ofOthers?: () => Observable<readonly string[]>;
}

/**
 * Creates the claims of a worker, which the whole account shares: each prediction belongs to one
 * attempt of one job of one run. `callsOf` returns the calls of the part that a job is in;
 * undefined if this worker does not have it.
 *
 * The database alone decides. `has` knows the claims of the last `refresh`, and may be wrong later:
 * a prediction of another worker becomes this worker's once it has that worker's part.
 */
export function createFleetClaims(
  callsOf: (index: number) => Pick<PartCalls, 'claim'> | undefined,
  { ofOthers = () => of([]) }: FleetClaimsConfig = {},
): Claims {
  let known = new Set<string>();
  return {
    take(id, owner): Observable<boolean> {
      const calls = owner === null ? undefined : callsOf(owner.index);
      if (owner === null || calls === undefined) return of(false);
      return calls.claim(owner.index, owner.attempt, id).pipe(tap(() => known.add(id)));
    },
    has: (id) => known.has(id),
    know: (ids) => {
      for (const id of ids) known.add(id);
    },
    refresh: () =>
      ofOthers().pipe(
        map((ids) => {
          known = new Set(ids);
        }),
      ),
  };
}
