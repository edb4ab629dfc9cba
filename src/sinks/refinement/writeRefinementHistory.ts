import { join } from 'node:path';
import { writeAtomically } from '../writeAtomically.ts';
import type { RefinementHistory } from './RefinementHistory.ts';
import { refinementFileName } from './refinementFileName.ts';

/** Writes `refinement.json` into the run folder. Rejects with `StorageError` where the disk refuses. */
export function writeRefinementHistory(folder: string, history: RefinementHistory): Promise<void> {
  return writeAtomically(join(folder, refinementFileName), `${JSON.stringify(history, null, 2)}\n`);
}
