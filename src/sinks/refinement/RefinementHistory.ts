import type { Outcome } from '../../types.ts';

/** A picture in a round of a refinement: made in it, or kept from an earlier one. */
export interface RefinementCandidate {
  /** Of its job. */
  readonly index: number;
  readonly key: string;
  /** In which it was made: 0 for the first candidates. */
  readonly round: number;
  /** Index of the picture that it was made from; null in round 0. */
  readonly parent: number | null;
  readonly status: Outcome['status'];
  /** Null where there is no picture, or it could not be rated. */
  readonly score: number | null;
  /** 1 is the best of all so far; null without a score. */
  readonly rank: number | null;
  /** Whether it stays in the next round, which makes its children. */
  readonly kept: boolean;
  /** Of the picture, below the run folder. */
  readonly path: string | null;
}

/** A round and what was decided in it. */
export interface RefinementRound {
  readonly round: number;
  /** False where it was cut short: a later run goes on with it, and decides anew. */
  readonly decided: boolean;
  /** Never below that of the round before, since the best stay. */
  readonly bestScore: number | null;
  /** The best first, those without a score last. */
  readonly candidates: readonly RefinementCandidate[];
}

/**
 * Why a refinement ended: all rounds are through, a picture has the score that was asked for, no money is left for more, the user or
 * the service stopped it, or a round brought no picture that could be rated.
 */
export type RefinementEnd = 'rounds' | 'score' | 'budget' | 'stopped' | 'nothing';

/** `refinement.json`: what a refinement has decided so far, which the next run in the folder goes on from. */
export interface RefinementHistory {
  /** Null while it runs. */
  readonly end: RefinementEnd | null;
  readonly rounds: readonly RefinementRound[];
}
