import { constants } from 'node:fs';
import { copyFile, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ensureDir } from 'fs-extra/esm';
import { syncFolder } from './syncFolder.ts';
import { temporaryPath } from './temporaryPath.ts';
import { toStorageError } from './toStorageError.ts';

/**
 * Copies a file, flushed, and renamed when it is whole; a file system that can lets both share their blocks. Makes the folders.
 * Rejects with `StorageError` and then leaves no temporary file.
 */
export async function copyWhole(from: string, to: string): Promise<void> {
  const temporary = temporaryPath(to);
  try {
    await ensureDir(dirname(to));
    await copyFile(from, temporary, constants.COPYFILE_FICLONE);
    await flush(temporary);
    await rename(temporary, to);
    await syncFolder(dirname(to));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw toStorageError(error, to);
  }
}

async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
