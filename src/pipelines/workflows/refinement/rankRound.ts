import type { RefinementCandidate, RefinementRound } from '../../../sinks/refinement/history.ts';

/** A candidate without a rank. */
export type Unranked = Omit<RefinementCandidate, 'rank' | 'kept'>;

/**
 * Ranks a round: the candidates kept so far and its own, by score, then by index. The best `keep`
 * of them are kept. Since kept candidates stay in the pool, the best score never falls, and the
 * kept ones are the best of all rounds.
 */
export function rankRound(
  before: RefinementRound | undefined,
  made: readonly Unranked[],
  { keep, decided }: { keep: number; decided: boolean },
): RefinementRound {
  const pool: readonly Unranked[] = [...keptOf(before), ...made];
  const rated = pool.filter(({ score }) => score !== null).toSorted(byScore);
  const unrated = pool.filter(({ score }) => score === null);
  return {
    round: before === undefined ? 0 : before.round + 1,
    decided,
    bestScore: rated[0]?.score ?? null,
    candidates: [
      ...rated.map((candidate, index) => ({ ...candidate, rank: index + 1, kept: index < keep })),
      ...unrated.map((candidate) => ({ ...candidate, rank: null, kept: false })),
    ],
  };
}

function keptOf(round: RefinementRound | undefined): readonly RefinementCandidate[] {
  return round?.candidates.filter(({ kept }) => kept) ?? [];
}

function byScore(a: Unranked, b: Unranked): number {
  return (b.score ?? 0) - (a.score ?? 0) || a.index - b.index;
}
