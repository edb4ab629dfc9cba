import { existsSync, mkdirSync } from 'node:fs';
import { type FileHandle, open, opendir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ensureDir } from 'fs-extra/esm';
import { isMissing, toStorageError } from './storageError.ts';

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

/** Writes data beside `path`, flushed to the disk, ready to be renamed. Makes the folders. Rejects with the system's error. */
export async function writeTemporary(path: string, data: string | Uint8Array): Promise<void> {
  await ensureDir(dirname(path));
  const handle = await open(temporaryPath(path), 'w');
  try {
    await handle.writeFile(data);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Where a file is written until it is whole. `removeTemporaries` finds what a killed run left there. */
export function temporaryPath(path: string): string {
  return `${path}.part`;
}

/** Makes the renames inside a folder survive a power cut. Windows cannot flush folders and needs no such thing. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Makes a folder and those it lies in. One at a time, because Node's own recursive `mkdir` never returns where a file
 * system refuses with ENOENT, as `/proc` does. Throws the system's error.
 */
export function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process may have been faster.
    if (!existsSync(path)) throw error;
  }
}

/**
 * Deletes the unfinished files (`*.part`) that a killed run left anywhere below its folder; resolves with how many.
 * Walks entry by entry, so a folder of a million files takes no memory. Follows no links. A folder that is not there
 * has none. Rejects with `StorageError`.
 */
export async function removeTemporaries(folder: string): Promise<number> {
  try {
    return await removeBelow(folder);
  } catch (error) {
    if (isMissing(error)) return 0;
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

/** A file of one block: less than any picture needs. */
const PROBE = new Uint8Array(4_096);

/** Makes sure, before anything is paid, that a new file can be made in the folder. Rejects with `StorageError`. */
export async function checkWritable(folder: string): Promise<void> {
  const path = join(folder, 'probe');
  try {
    await writeTemporary(path, PROBE);
  } catch (error) {
    throw toStorageError(error, folder);
  } finally {
    await rm(temporaryPath(path), { force: true }).catch(() => {});
  }
}

/** Writes all of it at a place: the system may write less than it was given. */
export async function writeFully(handle: FileHandle, bytes: Uint8Array, offsetBytes: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await handle.write(
      bytes,
      written,
      bytes.length - written,
      offsetBytes + written,
    );
    written += bytesWritten;
  }
}
