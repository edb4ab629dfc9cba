import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { z } from 'zod';
import { outcomeSchema } from '../sinks/manifest/readOutcomes.ts';
import type { Outcome } from '../types.ts';
import type { Row } from './database/connection.ts';
import { damaged, MOST_BYTES } from './packedPlans.ts';

const pack = promisify(gzip);
const unpack = promisify(gunzip);

/** A job of a part that is done. */
export interface EndedJob {
  readonly outcome: Outcome;
  /**
   * The row of a job that has failed and may have a prediction, or have been paid: whoever makes it
   * again must know. Null: there is nothing to know.
   */
  readonly open: Row | null;
}

const endedJob = z.object({
  outcome: outcomeSchema,
  open: z.record(z.string(), z.unknown()).nullable(),
});

/** Packs the jobs of a part that is done: a line of JSON each, compressed. */
export async function packEnded(jobs: readonly EndedJob[]): Promise<Buffer> {
  return pack(jobs.map((job) => `${JSON.stringify(job)}\n`).join(''));
}

/** Reads the jobs of a part that is done. Rejects with `StorageError` if they are not whole. */
export async function unpackEnded(packed: Uint8Array): Promise<readonly EndedJob[]> {
  try {
    const text = await unpack(packed, { maxOutputLength: MOST_BYTES });
    const lines = text.toString('utf8').split('\n').slice(0, -1);
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
