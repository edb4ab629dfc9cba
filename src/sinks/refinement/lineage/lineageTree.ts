import type { RefinementCandidate, RefinementHistory } from '../RefinementHistory.ts';

/** A picture in a column of the tree. */
export interface LineageNode
  extends Pick<RefinementCandidate, 'index' | 'status' | 'score' | 'path' | 'kept'> {
  /** Where its line begins in the column before: at its parent, or at itself where it was kept; null in the first. */
  readonly from: number | null;
  /** Whether it was made in an earlier round. */
  readonly isCarried: boolean;
  /** Among the best in the end; null where it is not, and in all columns but the last. */
  readonly rank: number | null;
}

export interface LineageColumn {
  readonly round: number;
  readonly bestScore: number | null;
  /** The best first. */
  readonly nodes: readonly LineageNode[];
}

/** The rounds of a refinement as columns: what was kept so far and what was made of it, ranked together. */
export function lineageTree({ rounds }: RefinementHistory): readonly LineageColumn[] {
  return rounds.map(({ round, bestScore, candidates }, place) => {
    const isLast = place === rounds.length - 1;
    const nodes = candidates.map(({ index, parent, status, score, path, kept, rank, round: madeIn }) => {
      const isCarried = madeIn !== round;
      const from = isCarried ? index : parent;
      return { index, status, score, path, kept, isCarried, from, rank: isLast && kept ? rank : null };
    });
    return { round, bestScore, nodes };
  });
}
