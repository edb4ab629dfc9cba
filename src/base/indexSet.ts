/** A set of job indexes of one bit each: a million jobs take 125 kB. */
export interface IndexSet {
  add(index: number): void;
  delete(index: number): void;
  has(index: number): boolean;
  readonly size: number;
  /** Yields the indexes in ascending order. */
  values(): Iterable<number>;
}

/** Creates an empty set of indexes (integers of 0 or more). It grows as needed. */
export function createIndexSet(): IndexSet {
  let bytes = new Uint8Array(1024);
  let size = 0;
  const has = (index: number): boolean => (((bytes[index >>> 3] ?? 0) >>> (index & 7)) & 1) === 1;
  const flip = (index: number): void => {
    const offset = index >>> 3;
    if (offset >= bytes.length) {
      const smaller = bytes;
      bytes = new Uint8Array(Math.max(offset + 1, smaller.length * 2));
      bytes.set(smaller);
    }
    bytes[offset] = (bytes[offset] ?? 0) ^ (1 << (index & 7));
  };
  return {
    add(index) {
      if (has(index)) return;
      flip(index);
      size += 1;
    },
    delete(index) {
      if (!has(index)) return;
      flip(index);
      size -= 1;
    },
    has,
    get size() {
      return size;
    },
    *values() {
      for (let index = 0; index < bytes.length * 8; index += 1) if (has(index)) yield index;
    },
  };
}
