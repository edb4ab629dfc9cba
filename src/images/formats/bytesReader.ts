import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

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
  /** Like `read`, but returns what is there if the file ends before. */
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
  // A pipe in place of a file would be waited for without end; thus it is an error.
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(FIRST_BYTES), 0, FIRST_BYTES, 0);
    if (bytesRead < FIRST_BYTES) return await use(bufferReader(buffer.subarray(0, bytesRead)));
    const { size } = await handle.stat();
    return await use(createReader(size, buffer, (at, length) => readFully(handle, at, length)));
  } finally {
    await handle.close();
  }
}

async function readFully(handle: FileHandle, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, at + filled);
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
