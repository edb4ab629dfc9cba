import { basename, join } from 'node:path';
import type { Outcome } from '../../types.ts';
import { voteScript, voteStyle } from '../gallery/galleryAssets.ts';
import { pageDocument } from '../gallery/pageDocument.ts';
import { scriptJson } from '../gallery/scriptJson.ts';
import { writeAtomically } from '../writeAtomically.ts';
import { blindPairs } from './blindPairs.ts';

/**
 * Writes `ab.html` into the run folder: two pictures of the same prompt at a time, from different variants and without their names; the
 * answers are exported as JSON, which `pipelines/votes.ts` counts. Not written where there are no two to compare. Rejects with `StorageError`.
 */
export async function writeBlindPage(
  folder: string,
  outcomes: AsyncIterable<Outcome>,
  axes: { rows: string; columns: string },
): Promise<void> {
  const comparison = await blindPairs(outcomes, basename(folder), axes);
  if (comparison.pairs.length === 0) return;
  const { head, foot } = pageDocument(comparison.name, { script: voteScript, style: voteStyle });
  await writeAtomically(join(folder, 'ab.html'), `${head}${scriptJson(comparison)}${foot}`);
}
