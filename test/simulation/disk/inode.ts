/** A file, with any number of names. */
export interface Inode {
  readonly id: number;
  /** The content that programs read. Never changed in place, so that a flush need not copy it. */
  data: Buffer;
  /** The content that survives a power cut for certain. */
  durable: Buffer;
  /** Writes since the last flush, in their order. */
  writes: Write[];
  changedMs: number;
}

/** A write, or a change of the size. */
export type Write = { readonly at: number; readonly bytes: Buffer } | { readonly size: number };

/** The unit that a disk writes as a whole: a sector. */
export const PAGE_BYTES = 512;

/** Returns content after a write. */
export function applied(data: Buffer, write: Write): Buffer {
  return 'size' in write ? resized(data, write.size) : overwritten(data, write.at, write.bytes);
}

/** Returns content with bytes at an offset, behind zeros if the offset is beyond its end. */
export function overwritten(data: Buffer, at: number, bytes: Buffer): Buffer {
  if (bytes.length === 0) return data;
  if (at === data.length) return Buffer.concat([data, bytes]);
  const next = Buffer.alloc(Math.max(data.length, at + bytes.length));
  data.copy(next);
  bytes.copy(next, at);
  return next;
}

/** Returns content of another size. */
export function resized(data: Buffer, size: number): Buffer {
  if (size <= data.length) return data.subarray(0, size);
  const next = Buffer.alloc(size);
  data.copy(next);
  return next;
}
