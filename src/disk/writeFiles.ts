import { existsSync, mkdirSync } from 'node:fs';
import { type FileHandle, open, opendir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ensureDir } from 'fs-extra/esm';
import type { z } from 'zod';
import { UsageError } from '../errors.ts';
import { isMissing, toStorageError } from './storageError.ts';

/**
 * Writes a file atomically: at any instant, even after a power cut, either the old or the complete
 * new file is there. Creates missing folders. Rejects with `StorageError` and then leaves no
 * temporary file.
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

/**
 * Writes data to the temporary file beside `path` and flushes it, ready to be renamed. Creates
 * missing folders. Rejects with the system's error.
 */
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

/** The end of a temporary name, which no other program gives to its files. */
export const TEMPORARY = '.rxposure.part';

/**
 * Returns the path at which a file is written until it is complete. `removeTemporaries` deletes
 * those that a killed run left.
 */
export function temporaryPath(path: string): string {
  return `${path}${TEMPORARY}`;
}

/**
 * Flushes a folder so that renames inside it survive a power cut. Does nothing on Windows, which
 * cannot flush folders and does not need to.
 */
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
 * Creates a folder and its parents, one at a time: Node's own recursive `mkdir` never returns if a
 * file system refuses with ENOENT, as `/proc` does. Throws the system's error.
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
 * Deletes the unfinished files (`*.rxposure.part`) that a killed run left anywhere in its folder.
 * Resolves with their number, 0 if there is no such folder. Walks entry by entry, so a folder of a
 * million files takes no memory, and follows no links. Rejects with `StorageError`.
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
    } else if (entry.isFile() && entry.name.endsWith(TEMPORARY)) {
      await rm(path, { force: true });
      removed += 1;
    }
  }
  return removed;
}

/** Characters buffered before they are written. */
const CHUNK_CHARS = 1 << 18;

/**
 * Writes a text of any length piece by piece, in constant memory. The file is then complete or, if
 * this rejects with `StorageError`, unchanged.
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

/** A file of one block, less than any image needs. */
const PROBE = new Uint8Array(4_096);

/**
 * Checks, before anything is paid for, that a folder accepts a new file. Rejects with
 * `StorageError`.
 */
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

/** Writes all bytes at an offset. A single write of the system may stop early. */
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

/**
 * Returns a value as the JSON that run folders hold: indented by two spaces, with a newline at its
 * end.
 */
export function prettyJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Writes a value as JSON, whole or not at all. Rejects with `StorageError` if the disk refuses. */
export function writeJson(path: string, value: unknown): Promise<void> {
  return writeAtomically(path, prettyJson(value));
}

/**
 * Reads JSON that an earlier run wrote; null if there is no such file. Rejects with `UsageError` if
 * it is not what the schema describes.
 */
export async function readOwnJson<T>(path: string, schema: z.ZodType<T>): Promise<T | null> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    if (isMissing(cause)) return null;
    throw new UsageError(`${path} is damaged: it is not the file that rxposure wrote`, {
      suggestion: 'Restore the file from a copy, or choose another folder with --out.',
      cause,
    });
  }
}
