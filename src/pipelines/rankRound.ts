import type { RefinementCandidate, RefinementRound } from '../sinks/refinement/RefinementHistory.ts';

/** A candidate that nothing was decided about. */
export type Unranked = Omit<RefinementCandidate, 'rank' | 'kept'>;

/**
 * Ranks a round: what was kept so far and what it has made itself, by score; of equal ones the earlier first. The best few are kept.
 * Since the kept stay in the pool, the best score never falls from round to round, and the kept are the best of all rounds.
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
      ...rated.map((candidate, place) => ({ ...candidate, rank: place + 1, kept: place < keep })),
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
