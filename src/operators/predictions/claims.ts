import { concatMap, defer, filter, from, map, type Observable, of, toArray } from 'rxjs';
import type { Claims } from '../../ports.ts';
import type { Verdict } from './lost/judgeLook.ts';

/**
 * Creates the claims of one process, which keep two jobs from counting the same prediction as
 * theirs. Create one for all jobs of a run. A claim is never given back: a later look at the list
 * must not find a prediction that has failed.
 *
 * `known` are the ids that earlier runs in the same folder recorded.
 */
export function createClaims(known: Iterable<string> = []): Claims {
  const taken = new Set(known);
  return {
    take: (id) =>
      defer(() => {
        const isFree = !taken.has(id);
        taken.add(id);
        return of(isFree);
      }),
    has: (id) => taken.has(id),
    know: (ids) => {
      for (const id of ids) taken.add(id);
    },
  };
}

/**
 * Creates claims that read the known ids once one of them is asked for: a million take 100 MB. Not
 * for a run that records ids itself before it claims them.
 */
export function claimsWhenAsked(known: () => Iterable<string>): Claims {
  let claims: Claims | null = null;
  const all = (): Claims => {
    claims ??= createClaims(known());
    return claims;
  };
  return {
    take: (id, owner) => all().take(id, owner),
    has: (id) => all().has(id),
    know: (ids) => all().know(ids),
  };
}

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

/**
 * Looks once the claims of other processes are known: each prediction of theirs that is not known
 * as claimed might be that of a lost request, and keep it in doubt.
 */
export function afterRefresh<T>(claims: Claims, look: () => Observable<T>): Observable<T> {
  return (claims.refresh?.() ?? of(undefined)).pipe(concatMap(look));
}
