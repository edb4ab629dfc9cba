import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryPath } from '../temporaryPath.ts';
import { toStorageError } from '../toStorageError.ts';
import { writeTemporary } from './writeTemporary.ts';

/** A file of one block: less than any picture needs. */
const PROBE = new Uint8Array(4_096);

/** Makes sure, before anything is paid, that a new file can be made in the folder. Rejects with `StorageError`. */
export async function probeFolder(folder: string): Promise<void> {
  const path = join(folder, 'probe');
  try {
    await writeTemporary(path, PROBE);
  } catch (error) {
    throw toStorageError(error, folder);
  } finally {
    await rm(temporaryPath(path), { force: true }).catch(() => {});
  }
}
