import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '../syncFolder.ts';
import { temporaryPath } from '../temporaryPath.ts';
import { toStorageError } from '../toStorageError.ts';
import { writeTemporary } from './writeTemporary.ts';

/**
 * Writes a file so that at any instant, a power cut included, either the old or the whole new one is there.
 * Makes the folders. Rejects with `StorageError` and then leaves no temporary file.
 */
export async function writeAtomically(path: string, data: string | Uint8Array): Promise<void> {
  try {
    await writeTemporary(path, data);
    await rename(temporaryPath(path), path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporaryPath(path), { force: true }).catch(() => {});
    throw toStorageError(error, path);
  }
}
