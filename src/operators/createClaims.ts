/** The prediction ids that jobs of a run have made their own. */
export interface Claims {
  /** Takes the id for the caller; false where another job has it already. */
  take(id: string): boolean;
  has(id: string): boolean;
}

/**
 * Keeps two jobs from counting the same prediction as theirs. One for all jobs of a run.
 *
 * `known` are the ids that earlier runs in the same folder wrote down.
 */
export function createClaims(known: Iterable<string> = []): Claims {
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
