import { opendir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { toStorageError } from '../toStorageError.ts';

/**
 * Deletes the unfinished files (`*.part`) that a killed run left anywhere below its folder; resolves with how many.
 * Walks entry by entry, so a folder of a million files takes no memory. Follows no links. A folder that is not there
 * has none. Rejects with `StorageError`.
 */
export async function removeTemporaries(folder: string): Promise<number> {
  try {
    return await removeBelow(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0;
    throw toStorageError(error, folder);
  }
}

async function removeBelow(folder: string): Promise<number> {
  let removed = 0;
  for await (const entry of await opendir(folder, { bufferSize: 256 })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      removed += await removeBelow(path);
    } else if (entry.isFile() && entry.name.endsWith('.part')) {
      await rm(path, { force: true });
      removed += 1;
    }
  }
  return removed;
}
