import { createHash } from 'node:crypto';
import { canonicalJson } from '../../base/modelInput.ts';
import { hideSecrets } from '../../base/secretInputs.ts';
import type { JobContext } from './jobContext.ts';

export { requestKey } from '../../base/modelInput.ts';

/**
 * Returns a fingerprint of an input and of the settings that change its requests. `input`
 * identifies the input: the hash of a file, or a spec. Neither `limit` nor renditions count, so a
 * run can be extended, and get images in other sizes.
 */
export function fingerprintOf(input: unknown, context: JobContext): string {
  const { model, version, count, seed } = context;
  const { input: extraInput } = hideSecrets(context.input, context.schema);
  const settings = JSON.parse(JSON.stringify({ input, model, version, extraInput, count, seed }));
  return createHash('sha256').update(canonicalJson(settings)).digest('hex');
}
