/** A set of job indexes at one bit each: a million jobs take 125 kB. */
export interface IndexSet {
  add(index: number): void;
  delete(index: number): void;
  has(index: number): boolean;
  readonly size: number;
}

/** An empty set of indexes (integers of 0 or more); grows as needed. */
export function createIndexSet(): IndexSet {
  let bytes = new Uint8Array(1024);
  let size = 0;
  const has = (index: number): boolean => (((bytes[index >>> 3] ?? 0) >>> (index & 7)) & 1) === 1;
  const flip = (index: number): void => {
    const place = index >>> 3;
    if (place >= bytes.length) {
      const smaller = bytes;
      bytes = new Uint8Array(Math.max(place + 1, smaller.length * 2));
      bytes.set(smaller);
    }
    bytes[place] = (bytes[place] ?? 0) ^ (1 << (index & 7));
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
  };
}
