/** The prediction ids that jobs of a run have claimed. */
export interface ClaimedIds {
  /** Claims the id for the caller; returns false if another job has it already. */
  take(id: string): boolean;
  has(id: string): boolean;
}

/**
 * Creates the record of claims that keeps two jobs from counting the same prediction as theirs.
 * Create one for all jobs of a run. A claim is never given back: a later look at the list must not
 * find a prediction that has failed.
 *
 * `known` are the ids that earlier runs in the same folder recorded.
 */
export function createClaimedIds(known: Iterable<string> = []): ClaimedIds {
  const taken = new Set(known);
  return {
    take(id) {
      if (taken.has(id)) return false;
      taken.add(id);
      return true;
    },
    has: (id) => taken.has(id),
  };
}
