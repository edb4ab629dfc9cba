import { UsageError } from '../../../errors.ts';
import type { RefinementCandidate, RefinementRound } from '../../../sinks/refinement/history.ts';
import type { RefinementSpec } from './spec.ts';

/** The choice of a person, in place of that by score. */
export interface PickedParents {
  /** Indexes of the jobs whose images were picked. */
  readonly picks: readonly number[];
  readonly spec: Pick<RefinementSpec, 'keep' | 'rounds' | 'stopAtScore'>;
  /** Returns true if a job of the round after the last decision was begun. */
  readonly hasBegun: () => Promise<boolean>;
  /** Called if a round was made of these picks, so that the next one goes by score. */
  readonly warn: (message: string) => void;
}

/**
 * Returns the decided rounds with picked images as the ones that the next round refines, in place
 * of the best by score; images of all rounds may be picked.
 *
 *     kept by score   3, 1   of 1 to 4
 *     picks 2         2      and the next round has children of 2 alone
 *
 * The last picks that a round was made of, given again, change nothing. Rejects with `UsageError`
 * if the spec has no further round, or an image has reached its `stopAtScore`, if the round has
 * begun with others, if more were picked than the spec keeps, or if one has no score.
 */
export async function keepPicked(
  rounds: readonly RefinementRound[],
  { picks, spec, hasBegun, warn }: PickedParents,
): Promise<readonly RefinementRound[]> {
  const last = rounds.at(-1);
  if (last === undefined) {
    throw new UsageError('There are no candidates yet to have been picked.', {
      suggestion: 'Run the command without picks first.',
    });
  }
  const picked = [...new Set(picks)];
  const { keep, stopAtScore } = spec;
  if (picked.length > keep) {
    throw new UsageError(`Expected at most ${keep} picks, as many as \`keep\` says, got ${picked.length}`, {
      suggestion: `Pick the ${keep} that the next round is to refine, and export the picks again.`,
    });
  }
  // The same command again, after the round that was made of them.
  const before = rounds.findLast((round) => round.picked === true);
  if (before !== undefined && before !== last && isSameSet(picked, keptOf(before))) {
    if (rounds.length <= spec.rounds)
      warn(`Round ${before.round + 1} was made from your picks; round ${rounds.length} goes by score.`);
    return rounds;
  }
  if (rounds.length > spec.rounds) {
    throw new UsageError(`All ${spec.rounds} rounds of the spec are done.`, {
      suggestion: `Write \`rounds: ${spec.rounds + 1}\` into the spec for another one, from your picks.`,
    });
  }
  if (stopAtScore !== null && last.bestScore !== null && last.bestScore >= stopAtScore) {
    throw new UsageError(
      `The best image has a score of ${last.bestScore}, and \`stopAtScore: ${stopAtScore}\` ends the refinement before a round from your picks.`,
      { suggestion: 'Raise `stopAtScore` in the spec, or remove it.' },
    );
  }
  if (isSameSet(picked, keptOf(last))) return [...rounds.slice(0, -1), { ...last, picked: true }];
  if (await hasBegun()) {
    throw new UsageError(`Round ${rounds.length} has begun with other images than your picks.`, {
      suggestion: 'Run the command without picks to finish it first: its images are paid.',
    });
  }
  return [...rounds.slice(0, -1), withKept(last, picked, rounds)];
}

function keptOf({ candidates }: RefinementRound): number[] {
  return candidates.filter(({ kept }) => kept).map(({ index }) => index);
}

function isSameSet(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((index) => other.includes(index));
}

function withKept(
  last: RefinementRound,
  picked: readonly number[],
  rounds: readonly RefinementRound[],
): RefinementRound {
  const all = new Map<number, RefinementCandidate>();
  for (const { candidates } of rounds) for (const one of candidates) all.set(one.index, one);
  const missing = picked.find((index) => (all.get(index)?.score ?? null) === null);
  if (missing !== undefined) {
    throw new UsageError(`Image #${missing + 1} of your picks has no score, so no round can build on it.`, {
      suggestion: 'Pick images that the refinement has rated.',
    });
  }
  const own = last.candidates.map((one) => ({ ...one, kept: picked.includes(one.index) }));
  const earlier = picked.flatMap((index) => {
    const one = all.get(index);
    const isOwn = last.candidates.some((candidate) => candidate.index === index);
    return one === undefined || isOwn ? [] : [{ ...one, kept: true }];
  });
  return { ...last, picked: true, candidates: [...own, ...earlier] };
}
