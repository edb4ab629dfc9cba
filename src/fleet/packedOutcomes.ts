import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { outcomeSchema } from '../sinks/manifest/readOutcomes.ts';
import type { Outcome } from '../types.ts';
import { damaged, MOST_BYTES } from './packedPlans.ts';

const pack = promisify(gzip);
const unpack = promisify(gunzip);

/** Packs the outcomes of a part: a line of JSON each, compressed. */
export async function packOutcomes(outcomes: readonly Outcome[]): Promise<Buffer> {
  return pack(outcomes.map((outcome) => `${JSON.stringify(outcome)}\n`).join(''));
}

/** Reads the outcomes of a part. Rejects with `StorageError` if they are not whole. */
export async function unpackOutcomes(packed: Uint8Array): Promise<readonly Outcome[]> {
  try {
    const text = await unpack(packed, { maxOutputLength: MOST_BYTES });
    const lines = text.toString('utf8').split('\n').slice(0, -1);
    return lines.map((line) => outcomeSchema.parse(JSON.parse(line)));
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
