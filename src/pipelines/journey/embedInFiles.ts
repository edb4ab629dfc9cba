import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { toStorageError } from '../../disk/storageError.ts';
import { writeAtomically } from '../../disk/writeFiles.ts';
import { sharedImageMemory } from '../../images/imageMemory.ts';
import type { ProvenanceWriter } from '../../ports.ts';
import type { ImageFile } from '../../types.ts';

/**
 * Embeds provenance into image files on disk. Rejects with `StorageError` if the disk refuses; each
 * file is then the old or the new one.
 */
export async function embedInFiles(
  files: readonly ImageFile[],
  embedProvenance: ProvenanceWriter,
): Promise<readonly ImageFile[]> {
  const written: ImageFile[] = [];
  for (const file of files)
    written.push(file.widthPx === null ? file : await embedInFile(file, embedProvenance));
  return written;
}

/** Copies of a file in memory while its provenance is written. */
const COPIES = 3;

async function embedInFile(file: ImageFile, embedProvenance: ProvenanceWriter): Promise<ImageFile> {
  return sharedImageMemory().within(file.bytes * COPIES, () => embedNow(file, embedProvenance));
}

async function embedNow(file: ImageFile, embedProvenance: ProvenanceWriter): Promise<ImageFile> {
  const before = await readFile(file.path).catch((error: unknown) => {
    throw toStorageError(error, file.path);
  });
  const after = await embedProvenance(before, file.format);
  if (after.equals(before)) return file;
  await writeAtomically(file.path, after);
  return { ...file, bytes: after.length, sha256: createHash('sha256').update(after).digest('hex') };
}
