import type { Scorer } from '../../../ports.ts';
import type { ScoringModel } from '../../../types.ts';
import {
  expectedParents,
  type RefinementContexts,
  refinementFingerprint,
  refinementJobs,
} from '../../workflows/refinement/jobs.ts';
import { runRefinement } from '../../workflows/refinement/refinement.ts';
import { type RefinementSpec, refinementTotal } from '../../workflows/refinement/spec.ts';
import type { JobsToPlan } from './planBatch.ts';

interface RefinementChoices {
  /** Rates the images. */
  scorer: Scorer | ScoringModel;
  /** Continues a folder that was begun with another spec. */
  resumeAnyway: boolean;
  /** Indexes of the images that the next round refines. Default: the best by score. */
  picks?: readonly number[];
}

/**
 * Turns a refinement into jobs: those of all rounds, with stand-ins for the parents that are not
 * known yet. Throws `UsageError` if the models cannot take the inputs of the spec.
 */
export function refinementBatch(
  spec: RefinementSpec,
  contexts: RefinementContexts,
  { scorer, resumeAnyway, picks }: RefinementChoices,
): JobsToPlan {
  refinementJobs(spec, contexts, []);
  return {
    jobs: () => refinementJobs(spec, contexts, expectedParents(spec)),
    total: refinementTotal(spec),
    context: contexts,
    renditions: spec.renditions,
    tagNames: ['round', 'parent'],
    haveFiles: true,
    fingerprint: null,
    run: (settings) =>
      runRefinement(spec, contexts, {
        ...settings,
        scorer,
        fixedInput: refinementFingerprint(spec, contexts),
        resumeAnyway,
        ...(picks === undefined ? {} : { picks }),
      }),
  };
}
