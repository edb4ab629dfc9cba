import { closeSync, constants, fstatSync, openSync, read, readSync } from 'node:fs';
import { fromCallback } from '../../disk/fromCallback.ts';

/** A fault in the structure of a file. */
export class StructureFault extends Error {
  override readonly name = 'StructureFault';
  /** `cut` if the file ends before its structure does; `damaged` if its parts contradict it. */
  readonly kind: 'cut' | 'damaged';

  constructor(kind: StructureFault['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

export function cut(): StructureFault {
  return new StructureFault('cut', 'its end is missing');
}

export function damaged(reason: string): StructureFault {
  return new StructureFault('damaged', reason);
}

/** Reads parts of a file in any order, without holding all of it. */
export interface BytesReader {
  /** Size of the file. */
  readonly size: number;
  /** All of a small file; null for others. */
  readonly content: Buffer | null;
  /**
   * Returns `length` bytes at an offset. Rejects with `StructureFault` if the file ends before, or
   * if it has more parts than any image; else with the system's error.
   */
  read(at: number, length: number): Promise<Buffer>;
  /** Like `read`, but returns fewer bytes if the file ends before. */
  readUpTo(at: number, length: number): Promise<Buffer>;
}

/** Bytes read at a time: few calls, and little memory for each of many downloads. */
export const windowBytes = 256 * 1024;

/** Parts that are read, at most. An image of 100 MB has some ten thousand. */
const MOST_READS = 1_000_000;

/** The first read is shorter: it is the only one of a small file, and if just the header counts. */
const FIRST_BYTES = 64 * 1024;

/**
 * Opens a file for `use`, and closes it after that. Rejects with the system's error if the file
 * cannot be read, or with the error of `use`.
 */
export async function withReader<T>(path: string, use: (reader: BytesReader) => Promise<T>): Promise<T> {
  // A pipe in place of a file would be waited for without end, so it is an error. The bytes that
  // are read first have just been written: turns in Node's pool would take longer.
  const fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stats = fstatSync(fd);
    const head = Buffer.allocUnsafe(stats.isFile() ? Math.min(stats.size, FIRST_BYTES) : FIRST_BYTES);
    const first = head.subarray(0, readSync(fd, head, 0, head.length, 0));
    if (first.length < FIRST_BYTES) return await use(bufferReader(first));
    return await use(createReader(stats.size, first, (at, length) => readFully(fd, at, length)));
  } finally {
    closeSync(fd);
  }
}

async function readFully(fd: number, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const bytesRead = await fromCallback<number>((done) =>
      read(fd, bytes, filled, length - filled, at + filled, done),
    );
    // Something has cut the file in the meantime.
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

/** Creates a reader of bytes in memory. */
export function bufferReader(bytes: Buffer): BytesReader {
  return createReader(bytes.length, bytes, async () => bytes);
}

/** Creates a reader that has the beginning of a file, and loads other parts. */
function createReader(
  size: number,
  first: Buffer,
  load: (at: number, length: number) => Promise<Buffer>,
): BytesReader {
  let start = 0;
  let window = first;
  let reads = 0;
  const readUpTo = async (at: number, length: number): Promise<Buffer> => {
    reads += 1;
    if (reads > MOST_READS) throw damaged('it has too many parts');
    const end = Math.min(size, at + length);
    if (at >= end) return Buffer.alloc(0);
    if (at < start || end > start + window.length) {
      start = at;
      window = await load(at, Math.min(size - at, Math.max(windowBytes, end - at)));
    }
    return window.subarray(at - start, end - start);
  };
  return {
    size,
    content: first.length === size ? first : null,
    readUpTo,
    async read(at, length) {
      const bytes = await readUpTo(at, length);
      if (bytes.length < length) throw cut();
      return bytes;
    },
  };
}
