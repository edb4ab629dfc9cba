import { concatMap, filter, from, map, type Observable, toArray } from 'rxjs';
import type { Claims } from '../../../ports.ts';
import type { Verdict } from './judgeLook.ts';

/**
 * Claims the predictions that a look has found, one after the other; emits once, with those that no
 * other process was faster to claim.
 */
export function claimFound(found: Verdict['found'], claims: Claims): Observable<Verdict['found']> {
  return from(found).pipe(
    concatMap((one) => {
      const [{ owner }, { id }] = one;
      return claims.take(id, owner).pipe(
        filter((isTaken) => isTaken),
        map(() => one),
      );
    }),
    toArray(),
    map((claimed) => new Map(claimed)),
  );
}
