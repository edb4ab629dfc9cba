import { constants } from 'node:fs';
import { copyFile, open, rename, rm } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import { ensureDir } from 'fs-extra/esm';
import { areWhole } from './areWhole.ts';
import { stemAt } from './stemAt.ts';
import { syncFolder } from './syncFolder.ts';
import { temporaryPath } from './temporaryPath.ts';
import { toStorageError } from './toStorageError.ts';
import type { ImageFile } from './types.ts';

/** A file to be copied: its extension by content is not always part of its name. */
export interface SourceFile extends ImageFile {
  /** Without a dot. Default: that of `path`. */
  readonly extension?: string;
}

/**
 * Copies files to a job's place, flushed, and renamed when each is whole; a file system that can lets both share their
 * blocks. Resolves with null where one is missing or not what it was. Rejects with `StorageError` where the disk refuses.
 */
export async function copyFiles(
  files: readonly SourceFile[],
  stem: string,
): Promise<readonly ImageFile[] | null> {
  if (!(await areWhole(files))) return null;
  const copies: ImageFile[] = [];
  for (const [place, { extension, ...file }] of files.entries()) {
    const path = `${stemAt(stem, place)}.${extension ?? extname(file.path).slice(1)}`;
    await copyWhole(file.path, path);
    copies.push({ ...file, path });
  }
  return copies;
}

async function copyWhole(from: string, to: string): Promise<void> {
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
