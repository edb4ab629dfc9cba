import type { RefinementHistory } from '../../src/sinks/refinement/history.ts';

/** Returns the final rank of each candidate that was kept in the end, by the index of its job. */
export function ranksOf(history: RefinementHistory | undefined): ReadonlyMap<number, number> {
  const last = history?.rounds.at(-1)?.candidates ?? [];
  return new Map(last.flatMap(({ index, rank, kept }) => (kept && rank !== null ? [[index, rank]] : [])));
}
