import { createHash } from 'node:crypto';
import { canonicalJson } from './canonicalJson.ts';
import type { JobContext } from './JobContext.ts';

/**
 * Tells an input and the settings that change its requests from all others. `input` says what the input is: the hash of
 * a file, or a spec. Neither `limit` nor renditions count: a run may be widened and its pictures made in other sizes.
 */
export function fingerprintOf(input: unknown, context: JobContext): string {
  const { model, version, input: extraInput, count, seed } = context;
  const settings = JSON.parse(JSON.stringify({ input, model, version, extraInput, count, seed }));
  return createHash('sha256').update(canonicalJson(settings)).digest('hex');
}
