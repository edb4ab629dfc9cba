import { z } from 'zod';
import { outcomeSchema } from '../sinks/manifest/readOutcomes.ts';
import type { Outcome } from '../types.ts';
import type { Row } from './database/connection.ts';
import { damaged, packLines, unpackLines } from './packedPlans.ts';

/** A job of a part that is done. */
export interface EndedJob {
  readonly outcome: Outcome;
  /**
   * The row of a job that has failed and may have a prediction, or have been paid: a later run
   * needs it. Null: there is nothing to know.
   */
  readonly open: Row | null;
}

const endedJob = z.object({
  outcome: outcomeSchema,
  open: z.record(z.string(), z.unknown()).nullable(),
});

/** Packs the jobs of a part that is done: a line of JSON each, compressed. */
export function packEnded(jobs: readonly EndedJob[]): Buffer {
  return packLines(jobs.map((job) => `${JSON.stringify(job)}\n`));
}

/** Reads the jobs of a part that is done. Throws `StorageError` if they are not whole. */
export function unpackEnded(packed: Uint8Array): readonly EndedJob[] {
  const lines = unpackLines(packed);
  try {
    return lines.map((line) => endedJob.parse(JSON.parse(line)));
  } catch (error) {
    throw damaged(error);
  }
}

/** How many jobs of each status there are. */
export type OutcomeCounts = Readonly<Record<Outcome['status'], number>>;

/** Counts outcomes by their status. */
export function countOutcomes(outcomes: readonly Outcome[]): OutcomeCounts {
  const count = (status: Outcome['status']) => outcomes.filter((outcome) => outcome.status === status).length;
  return { saved: count('saved'), failed: count('failed'), skipped: count('skipped') };
}
