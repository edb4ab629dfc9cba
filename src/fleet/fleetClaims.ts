import { map, type Observable, of, tap } from 'rxjs';
import type { Claims } from '../ports.ts';
import type { PartCalls } from './database/partCalls.ts';

/**
 * Creates the claims of a worker, which the whole account shares: each prediction belongs to one
 * attempt of one job of one run. `callsOf` returns the calls of the part that a job is in;
 * undefined if this worker does not have it.
 *
 * What others have claimed is known once it was asked for.
 */
export function createFleetClaims(callsOf: (index: number) => Pick<PartCalls, 'claim'> | undefined): Claims {
  const known = new Set<string>();
  return {
    take(id, owner): Observable<boolean> {
      // One that was claimed for an earlier attempt must not be found for this one.
      if (owner === null || known.has(id)) return of(false);
      const calls = callsOf(owner.index);
      if (calls === undefined) return of(false);
      return calls.claim(owner.index, owner.attempt, id).pipe(
        map((isTaken) => isTaken && !known.has(id)),
        tap(() => known.add(id)),
      );
    },
    has: (id) => known.has(id),
    know: (ids) => {
      for (const id of ids) known.add(id);
    },
  };
}
