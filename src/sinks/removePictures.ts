import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Outcome } from '../types.ts';

/** Deletes an outcome's pictures from the run folder, the sidecar not. Never rejects: what cannot be deleted stays. */
export async function removePictures(folder: string, { files }: Pick<Outcome, 'files'>): Promise<void> {
  await Promise.allSettled(files.map(({ path }) => rm(join(folder, path), { force: true })));
}
