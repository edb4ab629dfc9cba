/** Reads bits from the first one on. Throws `RangeError` if there are no more. */
function bitsOf(bytes: Buffer): (count: number) => number {
  let at = 0;
  return (count) => {
    let value = 0;
    for (let n = 0; n < count; n += 1, at += 1) {
      value = value * 2 + ((bytes.readUInt8(at >> 3) >> (7 - (at & 7))) & 1);
    }
    return value;
  };
}

const SEQUENCE_HEADER = 1;

/**
 * Returns the largest size of a frame, as the sequence header states it with which these bytes of
 * AV1 begin (AV1 Bitstream & Decoding Process Specification, section 5.5); null if they begin with
 * something else. Throws `RangeError` if it is incomplete.
 */
export function largestFrame(bytes: Buffer): { widthPx: number; heightPx: number } | null {
  const start = sequenceStart(bytes);
  if (start === null) return null;
  const read = bitsOf(bytes.subarray(start));
  // Profile, and whether it is a still image.
  read(4);
  if (read(1) === 1) read(5);
  else skipOperatingPoints(read);
  const [widthBits, heightBits] = [read(4) + 1, read(4) + 1];
  return { widthPx: read(widthBits) + 1, heightPx: read(heightBits) + 1 };
}

/** Finds the first unit that is no delimiter; null if it is no sequence header. */
function sequenceStart(bytes: Buffer): number | null {
  for (let at = 0; at < bytes.length; ) {
    const head = bytes.readUInt8(at);
    const type = (head >> 3) & 15;
    let start = at + ((head & 4) === 0 ? 1 : 2);
    let size = 0;
    if ((head & 2) !== 0) {
      let shift = 0;
      for (let byte = 0x80; (byte & 0x80) !== 0 && shift < 28; shift += 7, start += 1) {
        byte = bytes.readUInt8(start);
        size += (byte & 0x7f) * 2 ** shift;
      }
    }
    if (type !== TEMPORAL_DELIMITER) return type === SEQUENCE_HEADER ? start : null;
    at = start + size;
  }
  return null;
}

const TEMPORAL_DELIMITER = 2;

/** Skips the times and operating points in a header of more than one image. */
function skipOperatingPoints(read: (count: number) => number): void {
  let delayBits = 0;
  if (read(1) === 1) {
    read(32);
    read(32);
    if (read(1) === 1) skipVariable(read);
    if (read(1) === 1) {
      delayBits = read(5) + 1;
      read(32);
      read(10);
    }
  }
  const hasDisplayDelay = read(1) === 1;
  for (let left = read(5) + 1; left > 0; left -= 1) {
    read(12);
    if (read(5) > 7) read(1);
    if (delayBits > 0 && read(1) === 1) {
      read(delayBits);
      read(delayBits);
      read(1);
    }
    if (hasDisplayDelay && read(1) === 1) read(4);
  }
}

/** Skips a number of variable length: as many bits as zeros precede it. */
function skipVariable(read: (count: number) => number): void {
  let zeros = 0;
  while (zeros < 32 && read(1) === 0) zeros += 1;
  read(zeros);
}
