import { randomBytes } from 'node:crypto';
import { closeSync, fsync, open, writeFileSync } from 'node:fs';
import { type FileHandle, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { z } from 'zod';
import { option, RxposureError, UsageError } from '../errors.ts';
import { ensureDir, syncFolder } from './folders.ts';
import { fromCallback } from './fromCallback.ts';
import { atPlace } from './insideFolder.ts';
import { openOwn, ownFlags, readOwnText } from './ownFiles.ts';
import { isMissing, toStorageError } from './storageError.ts';
import { walkFolder } from './walkFolder.ts';

/**
 * Writes a file atomically: at any instant, even after a power cut, either the old or the complete
 * new file is there. Creates missing folders. Rejects with `StorageError` and then leaves no
 * temporary file.
 */
export async function writeAtomically(path: string, data: string | Uint8Array): Promise<void> {
  try {
    await replaceBy(path, await writeTemporary(path, data));
  } catch (error) {
    throw toStorageError(error, path);
  }
}

/** Gives a whole temporary file its name, or removes it if that fails. */
async function replaceBy(path: string, temporary: string): Promise<void> {
  try {
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await removeTemporary(temporary);
    throw error;
  }
}

/**
 * Writes data to a new temporary file beside `path` and flushes it; resolves with the path of that
 * file, which is ready to be renamed. Creates missing folders. Rejects with the system's error, and
 * then leaves no file.
 */
export async function writeTemporary(path: string, data: string | Uint8Array): Promise<string> {
  await ensureDir(dirname(path));
  return newTemporary(path, (temporary) => writeFlushed(temporary, data));
}

/** Data up to this size are written at once: a turn in Node's pool would take longer. */
const SMALL_BYTES = 1 << 18;

/**
 * Writes data to a new file and flushes it. Rejects with the system's error, if something is at its
 * path for example; then the file may be there in part.
 */
export async function writeFlushed(path: string, data: string | Uint8Array): Promise<void> {
  if (data.length > SMALL_BYTES) return writeFile(path, data, { flag: 'wx', flush: true });
  // Creating a file may take long, if others are being flushed.
  const fd = await fromCallback<number>((done) => open(path, ownFlags.create | ownFlags.plain, 0o666, done));
  try {
    writeFileSync(fd, data);
    await fromCallback((done) => fsync(fd, done));
  } finally {
    closeSync(fd);
  }
}

async function filledTemporary(path: string, fill: (handle: FileHandle) => Promise<void>): Promise<string> {
  return newTemporary(path, async (temporary) => {
    const handle = await openOwn(temporary, ownFlags.create);
    try {
      await fill(handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
}

async function newTemporary(path: string, write: (temporary: string) => Promise<void>): Promise<string> {
  const temporary = newTemporaryPath(path);
  try {
    await write(temporary);
    return temporary;
  } catch (error) {
    await removeTemporary(temporary);
    throw error;
  }
}

/** Deletes a temporary file, if it is there. Never rejects. */
export async function removeTemporary(temporary: string): Promise<void> {
  await rm(temporary, { force: true }).catch(() => {});
}

/** The end of a temporary name, which no other program gives to its files. */
const TEMPORARY = '.rxposure.part';

/**
 * Returns the name of an unfinished file for a path that is unique already. `removeTemporaries`
 * deletes those that a killed run left.
 */
export function temporaryPath(path: string): string {
  return `${path}${TEMPORARY}`;
}

/** SQLite has files beside that of a database. */
const UNFINISHED = /\.rxposure\.part(?:-wal|-shm)?$/;

/**
 * Returns true for the name, or path, of an unfinished file. In a folder that this process holds it
 * may be another one's, which is about to find the lease taken: it comes and goes at any time.
 */
export function isTemporary(name: string): boolean {
  return UNFINISHED.test(name);
}

/**
 * Returns a path at which a file is written until it is complete: another one at each call, which
 * cannot be guessed and occupied. Open it exclusively (`ownFlags.create`, or `wx`).
 */
export function newTemporaryPath(path: string): string {
  return temporaryPath(`${path}.${randomBytes(8).toString('hex')}`);
}

/**
 * Deletes the unfinished files (`*.rxposure.part`) that a killed run left anywhere in its folder.
 * Resolves with their number, 0 if there is no such folder. Walks entry by entry, so a folder of a
 * million files takes no memory, and follows no links; `onLink` is called with the path of each,
 * and its errors pass through. Rejects with `StorageError`.
 */
export async function removeTemporaries(
  folder: string,
  onLink: (path: string) => void = () => {},
): Promise<number> {
  try {
    return await removeBelow(folder, onLink);
  } catch (error) {
    if (error instanceof RxposureError) throw error;
    if (isMissing(error)) return 0;
    throw toStorageError(error, folder);
  }
}

async function removeBelow(folder: string, onLink: (path: string) => void): Promise<number> {
  let removed = 0;
  for await (const { path, entry } of walkFolder(folder)) {
    if (entry.isSymbolicLink()) onLink(path);
    if (!entry.isFile() || !isTemporary(entry.name)) continue;
    await rm(path, { force: true });
    removed += 1;
  }
  return removed;
}

/** Characters buffered before they are written. */
const CHUNK_CHARS = 1 << 18;

/**
 * Writes a text of any length piece by piece, in constant memory. The file is then complete or, if
 * this rejects with `StorageError`, or a `UsageError` of the pieces, unchanged.
 */
export async function writeChunks(path: string, pieces: AsyncIterable<string>): Promise<void> {
  try {
    const temporary = await filledTemporary(path, async (handle) => {
      let chunk = '';
      for await (const piece of pieces) {
        chunk += piece;
        if (chunk.length < CHUNK_CHARS) continue;
        await handle.writeFile(chunk);
        chunk = '';
      }
      await handle.writeFile(chunk);
    });
    await replaceBy(path, temporary);
  } catch (error) {
    // The pieces may have errors of their own.
    throw error instanceof UsageError ? error : toStorageError(error, path);
  }
}

/** A file of one block, less than any image needs. */
const PROBE = new Uint8Array(4_096);

/**
 * Checks, before anything is paid for, that a folder accepts a new file, and another name for it.
 * Rejects with `StorageError`.
 */
export async function checkWritable(folder: string): Promise<void> {
  try {
    const [first, second] = [
      await writeTemporary(join(folder, 'probe'), PROBE),
      newTemporaryPath(join(folder, 'probe')),
    ];
    await rename(first, second).catch(async (error: unknown) => {
      await removeTemporary(first);
      throw error;
    });
    await removeTemporary(second);
    await syncFolder(folder);
  } catch (error) {
    throw toStorageError(error, folder);
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
 * it does not match the schema.
 */
export async function readOwnJson<T>(path: string, schema: z.ZodType<T>): Promise<T | null> {
  try {
    return schema.parse(JSON.parse(await readOwnText(path)));
  } catch (cause) {
    if (isMissing(cause)) return null;
    if (cause instanceof UsageError) throw atPlace(path, cause);
    throw new UsageError(`${path} is damaged: it is not the file that rxposure wrote`, {
      suggestion: `Restore the file from a copy, or choose another folder with ${option('--out')}.`,
      cause,
    });
  }
}
