import { join } from 'node:path';
import { z } from 'zod';
import { storedPath } from '../../disk/insideFolder.ts';
import { readOwnJson, writeJson } from '../../disk/writeFiles.ts';
import type { Outcome } from '../../types.ts';

/** A candidate in a round of a refinement: made in that round, or kept from an earlier one. */
export interface RefinementCandidate {
  /** Index of its job. */
  readonly index: number;
  readonly key: string;
  /** The round that made it; 0 for the first candidates. */
  readonly round: number;
  /** Index of the candidate that it was made from; null in round 0. */
  readonly parent: number | null;
  readonly status: Outcome['status'];
  /** Null if there is no image, or it could not be rated. */
  readonly score: number | null;
  /** Rank among all candidates so far, 1 for the best; null without a score. */
  readonly rank: number | null;
  /** True if it stays in the next round, which makes new candidates from it. */
  readonly kept: boolean;
  /** Path of the image, relative to the run folder; null if there is none. */
  readonly path: string | null;
}

/** A round and its candidates. */
export interface RefinementRound {
  readonly round: number;
  /** False if the round was interrupted: the next run resumes it and decides again. */
  readonly decided: boolean;
  /**
   * Best score so far; never below that of the previous round, because the best candidates stay.
   * Null if none has a score.
   */
  readonly bestScore: number | null;
  /** True if a person picked the kept candidates. Absent: they are the best by score. */
  readonly picked?: boolean;
  /** Sorted by score, the best first; those without a score last. */
  readonly candidates: readonly RefinementCandidate[];
}

/**
 * The reason why a refinement ended: all rounds are done (`rounds`), an image reached the target
 * score (`score`), the budget is spent (`budget`), the user or the service stopped it (`stopped`),
 * or a round made no image that could be rated (`nothing`).
 */
export type RefinementEnd = 'rounds' | 'score' | 'budget' | 'stopped' | 'nothing';

/** A copy of one of the best images, or of a rendition of it. */
export interface BestCopy {
  /** Relative to the run folder. */
  readonly path: string;
  /** Hex. */
  readonly sha256: string;
}

/**
 * The content of `refinement.json`: all rounds so far. The next run in the folder resumes from it.
 */
export interface RefinementHistory {
  /** The prompt of the first candidates. Absent: an earlier version wrote the file. */
  readonly basePrompt?: string;
  /** Paths of the copies of the best images, the best first. Absent: there are none. */
  readonly best?: readonly string[];
  /** The content of each copy in `best`: the next run replaces or removes no other file there. */
  readonly copies?: readonly BestCopy[];
  /** Null while the refinement runs. */
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
  path: storedPath.nullable(),
});

const history = z.object({
  basePrompt: z.string().exactOptional(),
  best: z.array(storedPath).exactOptional(),
  copies: z.array(z.object({ path: storedPath, sha256: z.string() })).exactOptional(),
  end: z.enum(['rounds', 'score', 'budget', 'stopped', 'nothing']).nullable(),
  rounds: z.array(
    z.object({
      round: z.int().nonnegative(),
      decided: z.boolean(),
      bestScore: z.number().nullable(),
      picked: z.boolean().exactOptional(),
      candidates: z.array(candidate),
    }),
  ),
}) satisfies z.ZodType<RefinementHistory>;

/**
 * Reads `refinement.json` of a run folder; null if there is none. Rejects with `UsageError` if the
 * file is damaged.
 */
export function readRefinementHistory(folder: string): Promise<RefinementHistory | null> {
  return readOwnJson(join(folder, refinementFileName), history);
}

/** The file name of a refinement's history. */
export const refinementFileName = 'refinement.json';

/**
 * Writes `refinement.json` into the run folder. Rejects with `StorageError` if it cannot be
 * written.
 */
export function writeRefinementHistory(folder: string, history: RefinementHistory): Promise<void> {
  return writeJson(join(folder, refinementFileName), history);
}
