import type { FileHandle } from 'node:fs/promises';
import { changedFile } from '../changedFile.ts';
import { StorageError } from '../errors.ts';
import { findFileChange } from '../findFileChange.ts';
import { toStorageError } from '../toStorageError.ts';
import type { LinePlace } from './createLineIndex.ts';
import { writeFully } from './writeFully.ts';

/** Adds lines to a file, in the order of the calls. */
export interface Appender {
  /** Resolves once the line is flushed to the disk; rejects with `StorageError`. */
  append(line: string): Promise<LinePlace>;
  /** Resolves once nothing is being written any more. */
  idle(): Promise<void>;
  /** Throws `StorageError` where somebody deleted, moved or cut the file: what is written then is lost. */
  check(): void;
}

interface PendingLine {
  readonly bytes: Buffer;
  resolve(place: LinePlace): void;
  reject(error: unknown): void;
}

/**
 * An appender for an open file that begins at `startBytes`. Lines that come while others are being flushed are written
 * together with one flush, so that many at a time cost hardly more than one.
 */
export function createAppender(handle: FileHandle, path: string, startBytes: number): Appender {
  let endBytes = startBytes;
  let pending: PendingLine[] = [];
  let writing: Promise<void> | null = null;

  const check = (): void => {
    const change = findFileChange(handle.fd, path, endBytes);
    if (change !== null) throw changedFile(path, change, 'Run the same command again: it is made anew.');
  };
  const writeBatch = async (batch: readonly PendingLine[]): Promise<void> => {
    try {
      check();
      await writeFully(handle, Buffer.concat(batch.map(({ bytes }) => bytes)), endBytes);
      await handle.datasync();
    } catch (error) {
      // The next batch begins where this one should have; nothing of it may show behind that. What somebody else did to
      // the file is left as it is.
      if (!(error instanceof StorageError)) await handle.truncate(endBytes).catch(() => {});
      for (const { reject } of batch) reject(toStorageError(error, path));
      return;
    }
    for (const { bytes, resolve } of batch) {
      resolve({ offsetBytes: endBytes, lengthBytes: bytes.length - 1 });
      endBytes += bytes.length;
    }
  };
  const writePending = async (): Promise<void> => {
    while (pending.length > 0) {
      const batch = pending;
      pending = [];
      await writeBatch(batch);
    }
    writing = null;
  };
  return {
    append: (line) =>
      new Promise((resolve, reject) => {
        pending.push({ bytes: Buffer.from(`${line}\n`), resolve, reject });
        writing ??= writePending();
      }),
    idle: async () => {
      await writing;
    },
    check,
  };
}
