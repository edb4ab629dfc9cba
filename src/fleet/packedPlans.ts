import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { StorageError } from '../errors.ts';
import { planLine, planOfLine } from '../sinks/manifest/storedPlans.ts';
import type { Plan } from '../types.ts';

/** Version of the format of plans. A worker takes no run with a newer one. */
export const PLAN_FORMAT = 1;
/** Plans in a part: enough to cost a task little, and few enough to be done again after a death. */
export const PLANS_IN_PART = 25;
/** Far more than any part has: a damaged one must not fill the memory. */
export const MOST_BYTES = 100_000_000;

const pack = promisify(gzip);
const unpack = promisify(gunzip);

/** Packs the whole plans of a part: a line of JSON each, compressed. */
export async function packPlans(plans: readonly Plan[]): Promise<Buffer> {
  return pack(plans.map(planLine).join(''));
}

/** Reads the plans of a part. Rejects with `StorageError` if they are not whole. */
export async function unpackPlans(packed: Uint8Array): Promise<readonly Plan[]> {
  const lines = await unpack(packed, { maxOutputLength: MOST_BYTES }).then(
    (text) => text.toString('utf8').split('\n').slice(0, -1),
    (cause: unknown) => Promise.reject(damaged(cause)),
  );
  return lines.map((line) => {
    const plan = planOfLine(line);
    if (plan === null) throw damaged(null);
    return plan;
  });
}

/** Returns the error of plans or outcomes that cannot be read. */
export function damaged(cause: unknown): StorageError {
  return new StorageError('ERR_DAMAGED_PART', 'A part of the run in the database cannot be read.', {
    suggestion: 'Check that all workers have the same version of rxposure; then begin the run again.',
    cause,
  });
}
