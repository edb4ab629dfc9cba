import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Mark } from '../ports.ts';
import { writeAtomically } from '../sinks/writeAtomically.ts';
import { toStorageError } from '../toStorageError.ts';
import type { ImageFile } from '../types.ts';

/** Marks pictures in their places. Rejects with `StorageError` where the disk refuses; then each is the old or the new one. */
export async function markFiles(files: readonly ImageFile[], mark: Mark): Promise<readonly ImageFile[]> {
  const marked: ImageFile[] = [];
  for (const file of files) marked.push(file.widthPx === null ? file : await markOne(file, mark));
  return marked;
}

async function markOne(file: ImageFile, mark: Mark): Promise<ImageFile> {
  const before = await readFile(file.path).catch((error: unknown) => {
    throw toStorageError(error, file.path);
  });
  const after = await mark(before, file.format);
  if (after.equals(before)) return file;
  await writeAtomically(file.path, after);
  return { ...file, bytes: after.length, sha256: createHash('sha256').update(after).digest('hex') };
}
