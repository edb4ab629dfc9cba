import type { FileHandle } from 'node:fs/promises';
import { fileChangedError, findFileChange, toStorageError } from '../../disk/storageError.ts';
import { writeFully } from '../../disk/writeFiles.ts';
import { StorageError } from '../../errors.ts';

/** The bytes of a line in a file, without its newline. */
export interface LineRange {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** The position of each job's newest line, by job index. */
export interface LineIndex {
  set(index: number, range: LineRange): void;
  get(index: number): LineRange | undefined;
  /** Number of jobs that were set. */
  readonly size: number;
  /** One more than the highest index that was set. */
  readonly end: number;
}

/** Creates a line index of 12 bytes a job: a million jobs take 12 MB. */
export function createLineIndex(): LineIndex {
  let offsets = new Float64Array(1024);
  let lengths = new Uint32Array(1024);
  let size = 0;
  let end = 0;
  const makeRoomFor = (index: number): void => {
    if (index < offsets.length) return;
    const capacity = Math.max(index + 1, offsets.length * 2);
    const olderOffsets = offsets;
    const olderLengths = lengths;
    offsets = new Float64Array(capacity);
    lengths = new Uint32Array(capacity);
    offsets.set(olderOffsets);
    lengths.set(olderLengths);
  };
  return {
    set(index, { offsetBytes, lengthBytes }) {
      makeRoomFor(index);
      if (lengths[index] === 0) size += 1;
      offsets[index] = offsetBytes;
      lengths[index] = lengthBytes;
      end = Math.max(end, index + 1);
    },
    get(index) {
      // No line is empty, so a length of 0 means that there is none.
      const lengthBytes = lengths[index] ?? 0;
      return lengthBytes === 0 ? undefined : { offsetBytes: offsets[index] ?? 0, lengthBytes };
    },
    get size() {
      return size;
    },
    get end() {
      return end;
    },
  };
}

/** Appends lines to a file, in the order of the calls. */
interface Appender {
  /** Resolves once the lines are flushed to the disk; rejects with `StorageError`. */
  append(lines: readonly string[]): Promise<readonly LineRange[]>;
  /** Resolves once no line is pending. */
  idle(): Promise<void>;
  /**
   * Throws `StorageError` if the file was deleted, moved or truncated: lines written to it would be
   * lost.
   */
  check(): void;
}

/** Lines that wait to be written. */
interface PendingLines {
  readonly bytes: Buffer;
  /** Called with the offset of the first. */
  resolve(offsetBytes: number): void;
  reject(error: unknown): void;
}

/**
 * Creates an appender for an open file that writes from `startBytes` on. Lines that arrive during a
 * flush are written together with the next one, so many concurrent lines cost hardly more than one.
 */
export function createAppender(handle: FileHandle, path: string, startBytes: number): Appender {
  let endBytes = startBytes;
  let pending: PendingLines[] = [];
  let writing: Promise<void> | null = null;

  const check = (): void => {
    const change = findFileChange(handle.fd, path, endBytes);
    if (change !== null)
      throw fileChangedError(path, change, 'Run the same command again: it writes the file again.');
  };
  const dropTail = async (): Promise<void> => {
    await handle.truncate(endBytes);
    await handle.datasync();
  };
  const writeBatch = async (batch: readonly PendingLines[]): Promise<void> => {
    try {
      check();
      await writeFully(handle, Buffer.concat(batch.map(({ bytes }) => bytes)), endBytes);
      await handle.datasync();
    } catch (error) {
      // The next batch starts at the same offset, so no part of this one may stay behind it. A file
      // that another process changed is left as it is.
      if (!(error instanceof StorageError)) await dropTail().catch(() => {});
      for (const { reject } of batch) reject(toStorageError(error, path));
      return;
    }
    for (const { bytes, resolve } of batch) {
      resolve(endBytes);
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
    append: async (lines) => {
      if (lines.length === 0) return [];
      let offsetBytes = await new Promise<number>((resolve, reject) => {
        pending.push({ bytes: Buffer.from(`${lines.join('\n')}\n`), resolve, reject });
        writing ??= writePending();
      });
      return lines.map((line) => {
        const range = { offsetBytes, lengthBytes: Buffer.byteLength(line) };
        offsetBytes += range.lengthBytes + 1;
        return range;
      });
    },
    idle: async () => {
      await writing;
    },
    check,
  };
}
