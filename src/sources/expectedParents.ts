import type { RefinementSpec } from './RefinementSpec.ts';
import type { RefinementParent } from './refinementJobs.ts';

/** Stand-ins for the pictures that a refinement will refine, round by round, for a plan that goes through all its rounds. */
export function expectedParents({ rounds, keep }: RefinementSpec): RefinementParent[][] {
  return Array.from({ length: rounds }, (_, round) =>
    Array.from({ length: keep }, (__, place) => ({
      index: null,
      picture: `(the ${place === 0 ? 'best' : `number ${place + 1}`} after round ${round})`,
      file: null,
    })),
  );
}
