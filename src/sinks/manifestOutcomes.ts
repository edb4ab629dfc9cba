import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Outcome } from '../types.ts';
import { readOutcomes } from './readOutcomes.ts';
import { scanManifest } from './scanManifest.ts';

/**
 * The newest outcome of each job in a run folder, in input order and flat memory; none where there is no manifest. Only reads, so a
 * run may be using the folder. Throws `StorageError` at a line that is no outcome.
 */
export async function* manifestOutcomes(folder: string): AsyncGenerator<Outcome> {
  const path = join(folder, 'manifest.jsonl');
  const handle = await open(path).catch(() => null);
  if (handle === null) return;
  try {
    const { index } = await scanManifest(handle);
    yield* readOutcomes(handle, index, path);
  } finally {
    await handle.close();
  }
}
