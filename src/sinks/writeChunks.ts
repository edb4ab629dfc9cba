import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '../syncFolder.ts';
import { temporaryPath } from '../temporaryPath.ts';
import { toStorageError } from '../toStorageError.ts';

/** Characters gathered before they are written. */
const CHUNK_CHARS = 1 << 18;

/**
 * Writes a text of any length piece by piece, in flat memory. The file is there as a whole or, where this rejects with
 * `StorageError`, as it was before.
 */
export async function writeChunks(path: string, pieces: AsyncIterable<string>): Promise<void> {
  try {
    const handle = await open(temporaryPath(path), 'w');
    try {
      let chunk = '';
      for await (const piece of pieces) {
        chunk += piece;
        if (chunk.length < CHUNK_CHARS) continue;
        await handle.writeFile(chunk);
        chunk = '';
      }
      await handle.writeFile(chunk);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporaryPath(path), path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporaryPath(path), { force: true }).catch(() => {});
    throw toStorageError(error, path);
  }
}
