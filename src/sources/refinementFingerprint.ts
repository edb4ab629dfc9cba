import { fingerprintOf } from './fingerprintOf.ts';
import type { RefinementSpec } from './RefinementSpec.ts';
import type { RefinementContexts } from './refinementJobs.ts';
import { renditionFrames } from './renditionFrames.ts';

/**
 * Tells a refinement from all others by what changes its pictures. More rounds, another score to stop at, another budget or price
 * leave those that are there as they are, so a folder may go on with them.
 */
export function refinementFingerprint(spec: RefinementSpec, contexts: RefinementContexts): string {
  const { rounds: _rounds, stopAtScore: _score, budgetUsd: _budget, priceUsd: _price, ...pictures } = spec;
  const score = 'model' in pictures.score ? { ...pictures.score, priceUsd: null } : pictures.score;
  const [first, { model, version, input }] = contexts;
  return fingerprintOf(
    {
      ...pictures,
      renditions: renditionFrames(spec.renditions),
      score,
      children: { count: spec.children, model, version, input },
    },
    first,
  );
}
