import { join } from 'node:path';
import { z } from 'zod';
import { readOwnJson, writeJson } from '../../disk/jsonFile.ts';
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

const candidate = z.object({
  index: z.int().nonnegative(),
  key: z.string(),
  round: z.int().nonnegative(),
  parent: z.int().nonnegative().nullable(),
  status: z.enum(['saved', 'failed', 'skipped']),
  score: z.number().nullable(),
  rank: z.int().min(1).nullable(),
  kept: z.boolean(),
  path: z.string().nullable(),
});

const history = z.object({
  end: z.enum(['rounds', 'score', 'budget', 'stopped', 'nothing']).nullable(),
  rounds: z.array(
    z.object({
      round: z.int().nonnegative(),
      decided: z.boolean(),
      bestScore: z.number().nullable(),
      candidates: z.array(candidate),
    }),
  ),
}) satisfies z.ZodType<RefinementHistory>;

/** What a run folder knows of its refinement; null where none was decided in it. Rejects with `UsageError` where that cannot be read. */
export function readRefinementHistory(folder: string): Promise<RefinementHistory | null> {
  return readOwnJson(join(folder, refinementFileName), history);
}

/** The file in a run folder that has the rounds of a refinement. */
export const refinementFileName = 'refinement.json';

/** Writes `refinement.json` into the run folder. Rejects with `StorageError` where the disk refuses. */
export function writeRefinementHistory(folder: string, history: RefinementHistory): Promise<void> {
  return writeJson(join(folder, refinementFileName), history);
}
