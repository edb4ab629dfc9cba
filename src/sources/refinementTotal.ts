import type { RefinementSpec } from './RefinementSpec.ts';

/** How many jobs a refinement has at most: it may end before its last round, and keep fewer where fewer are saved. */
export function refinementTotal({
  candidates,
  keep,
  children,
  rounds,
}: Pick<RefinementSpec, 'candidates' | 'keep' | 'children' | 'rounds'>): number {
  return candidates + rounds * keep * children;
}
