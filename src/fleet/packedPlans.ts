import { gunzipSync, gzipSync } from 'node:zlib';
import { StorageError } from '../errors.ts';
import { planLine, planOfLine } from '../sinks/manifest/storedPlans.ts';
import type { Plan } from '../types.ts';

/** Version of the format of plans. A worker takes no run with a newer one. */
export const PLAN_FORMAT = 1;
/** Plans in a part: enough to cost a task little, and few enough to be done again after a death. */
export const PLANS_IN_PART = 25;
/** Far more than any part has: a damaged one must not fill the memory. */
const MOST_BYTES = 100_000_000;

/**
 * Packs the whole plans of a part: a line of JSON each, compressed. At once, as a turn in the pool
 * of threads would take longer than the work, and hundreds of them a quarter of a megabyte each.
 */
export function packPlans(plans: readonly Plan[]): Buffer {
  return packLines(plans.map(planLine));
}

/** Reads the plans of a part. Throws `StorageError` if they are not whole. */
export function unpackPlans(packed: Uint8Array): readonly Plan[] {
  return unpackLines(packed).map((line) => {
    const plan = planOfLine(line);
    if (plan === null) throw damaged(null);
    return plan;
  });
}

/** Compresses lines that each end with a line feed. */
export function packLines(lines: readonly string[]): Buffer {
  return gzipSync(lines.join(''));
}

/** Reads such lines, without their line feeds. Throws `StorageError` if they are not whole. */
export function unpackLines(packed: Uint8Array): readonly string[] {
  try {
    const text = gunzipSync(packed, { maxOutputLength: MOST_BYTES }).toString('utf8');
    return text.split('\n').slice(0, -1);
  } catch (error) {
    throw damaged(error);
  }
}

/** Returns the error of plans or outcomes that cannot be read. */
export function damaged(cause: unknown): StorageError {
  return new StorageError('ERR_DAMAGED_PART', 'A part of the run in the database cannot be read.', {
    suggestion: 'Check that all workers have the same version of rxposure; then begin the run again.',
    cause,
  });
}
