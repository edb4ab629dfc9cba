import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ensureDir } from '../../disk/folders.ts';
import { toStorageError } from '../../disk/storageError.ts';
import { newTemporaryPath, removeTemporary } from '../../disk/writeFiles.ts';

/** The content of an object. */
export interface ObjectContent {
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

/** Reads content to its end, and returns its size and hash. */
export async function hashOf(content: Readable): Promise<ObjectContent> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of content) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/**
 * Writes content to a file, flushed, if its hash is that one; resolves with false and leaves no
 * file if not. Rejects with `StorageError` if the disk refuses.
 */
export async function writeIfSame(
  content: Readable,
  to: string,
  sha256: string,
  signal: AbortSignal,
): Promise<boolean> {
  const temporary = newTemporaryPath(to);
  const hash = createHash('sha256');
  try {
    await ensureDir(dirname(to));
    const file = createWriteStream(temporary, { flags: 'wx', flush: true });
    content.on('data', (chunk) => hash.update(chunk));
    await pipeline(content, file, { signal });
    const isSame = hash.digest('hex') === sha256;
    if (isSame) await rename(temporary, to);
    return isSame;
  } catch (error) {
    throw error instanceof Error && 'syscall' in error ? toStorageError(error, to) : error;
  } finally {
    await removeTemporary(temporary);
  }
}
