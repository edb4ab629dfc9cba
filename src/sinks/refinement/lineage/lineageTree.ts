import type { RefinementCandidate, RefinementHistory } from '../RefinementHistory.ts';

/** A picture in the tree. */
export interface LineageNode {
  readonly index: number;
  /** Null for the first candidates. */
  readonly parent: number | null;
  readonly status: RefinementCandidate['status'];
  readonly score: number | null;
  readonly path: string | null;
  /** Whether children were made from it, or it is among the best in the end. */
  readonly isKept: boolean;
  /** Among the best in the end; null where it is not. */
  readonly rank: number | null;
}

export interface LineageColumn {
  readonly round: number;
  readonly bestScore: number | null;
  /** From top to bottom. */
  readonly nodes: readonly LineageNode[];
}

/**
 * The rounds of a refinement as columns: each picture in the round that made it, the best on top, children beside their parents as
 * far as the order allows.
 */
export function lineageTree({ rounds }: RefinementHistory): readonly LineageColumn[] {
  const ranks = new Map(keptOf(rounds.at(-1)).map(({ index, rank }) => [index, rank]));
  const kept = new Set(rounds.flatMap((round) => keptOf(round).map(({ index }) => index)));
  const columns: LineageColumn[] = [];
  for (const { round, bestScore, candidates } of rounds) {
    const order = columns.flatMap(({ nodes }) => nodes.map(({ index }) => index));
    const placeOf = ({ parent }: RefinementCandidate) => (parent === null ? 0 : order.indexOf(parent));
    // Candidates come ranked, and sorting keeps the order of those with one parent.
    const made = candidates
      .filter((candidate) => candidate.round === round)
      .toSorted((a, b) => placeOf(a) - placeOf(b));
    const nodes = made.map(({ index, parent, status, score, path }) => ({
      ...{ index, parent, status, score, path },
      isKept: kept.has(index),
      rank: ranks.get(index) ?? null,
    }));
    columns.push({ round, bestScore, nodes });
  }
  return columns;
}

function keptOf(round: RefinementHistory['rounds'][number] | undefined): readonly RefinementCandidate[] {
  return round?.candidates.filter(({ kept }) => kept) ?? [];
}
