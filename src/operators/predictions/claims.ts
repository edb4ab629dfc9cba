import { defer, of } from 'rxjs';
import type { Claims } from '../../ports.ts';

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
