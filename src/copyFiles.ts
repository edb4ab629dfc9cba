import { extname } from 'node:path';
import { areWhole } from './areWhole.ts';
import { copyWhole } from './copyWhole.ts';
import { stemAt } from './stemAt.ts';
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
  // What is kept besides belongs to the other job.
  for (const [place, { extension, untouched: _untouched, ...file }] of files.entries()) {
    const path = `${stemAt(stem, place)}.${extension ?? extname(file.path).slice(1)}`;
    await copyWhole(file.path, path);
    copies.push({ ...file, path });
  }
  return copies;
}
