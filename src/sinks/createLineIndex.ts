/** Where a line stands in a file. */
export interface LinePlace {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** The place of each job's newest line, by job index. */
export interface LineIndex {
  set(index: number, place: LinePlace): void;
  get(index: number): LinePlace | undefined;
  /** One more than the highest index that was set. */
  readonly end: number;
}

/** A line index of 12 bytes a job, so that a million jobs take 12 MB. */
export function createLineIndex(): LineIndex {
  let offsets = new Float64Array(1024);
  let lengths = new Uint32Array(1024);
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
      offsets[index] = offsetBytes;
      lengths[index] = lengthBytes;
      end = Math.max(end, index + 1);
    },
    get(index) {
      // No line is empty, so a length of 0 means that there is none.
      const lengthBytes = lengths[index] ?? 0;
      return lengthBytes === 0 ? undefined : { offsetBytes: offsets[index] ?? 0, lengthBytes };
    },
    get end() {
      return end;
    },
  };
}
