/** Offsets of a part of a file: its first byte, and the byte after its last one. */
export type Part = readonly [start: number, end: number];

const JPEG_SCAN = 0xda;

/** Returns the parts that a format consists of, from the first byte to the last. */
export function partsOf(format: string, bytes: Buffer): readonly Part[] {
  switch (format) {
    case 'png':
      return following(bytes, 8, (at) => 12 + bytes.readUInt32BE(at));
    case 'jpeg':
      return following(bytes, 2, (at) =>
        bytes[at + 1] === JPEG_SCAN ? bytes.length - 2 - at : 2 + bytes.readUInt16BE(at + 2),
      );
    case 'webp':
      return following(bytes, 12, (at) => {
        const length = bytes.readUInt32LE(at + 4);
        return 8 + length + (length % 2);
      });
    case 'avif':
      return following(bytes, 0, (at) => bytes.readUInt32BE(at));
    case 'svg': {
      const starts = [...bytes.toString('latin1').matchAll(/</g)].map(({ index }) => index);
      return starts.map((start, n) => [start, starts[n + 1] ?? bytes.length]);
    }
    default:
      // Blocks of a size that hits fields as well as data.
      return following(bytes, 0, () => 96);
  }
}

function following(bytes: Buffer, from: number, lengthAt: (at: number) => number): readonly Part[] {
  const parts: Part[] = from === 0 ? [] : [[0, from]];
  for (let at = from; at < bytes.length; ) {
    const end = at + 8 > bytes.length ? bytes.length : Math.min(bytes.length, at + Math.max(1, lengthAt(at)));
    parts.push([at, end]);
    at = end;
  }
  return parts;
}

/** A field that states a width or a height. */
export interface SizeField {
  readonly at: number;
  readonly bytes: 2 | 3 | 4;
  readonly isLittle: boolean;
  /** True for decimal digits. */
  readonly isText: boolean;
}

/** Returns the fields of a file that state its size. */
export function sizeFieldsOf(format: string, bytes: Buffer): readonly SizeField[] {
  const big = (at: number, size: SizeField['bytes']) => ({ at, bytes: size, isLittle: false, isText: false });
  const little = (at: number, size: SizeField['bytes']) => ({ ...big(at, size), isLittle: true });
  switch (format) {
    case 'png':
      return [big(16, 4), big(20, 4)];
    case 'jpeg': {
      const frame = partsOf(format, bytes).find(([start]) => [0xc0, 0xc2].includes(bytes[start + 1] ?? 0));
      return frame === undefined ? [] : [big(frame[0] + 5, 2), big(frame[0] + 7, 2)];
    }
    case 'gif':
      return [little(6, 2), little(8, 2)];
    case 'webp':
      return bytes.toString('latin1', 12, 16) === 'VP8X'
        ? [little(24, 3), little(27, 3)]
        : bytes.toString('latin1', 12, 16) === 'VP8 '
          ? [little(26, 2), little(28, 2)]
          : [little(21, 4)];
    case 'avif': {
      const starts = [...bytes.toString('latin1').matchAll(/ispe/g)].map(({ index }) => index);
      return starts.flatMap((at) => [big(at + 8, 4), big(at + 12, 4)]);
    }
    case 'tif':
      return tiffFields(bytes);
    case 'svg': {
      const found = [...bytes.toString('latin1').matchAll(/ (?:width|height)="/g)];
      return found.map(({ index, 0: text }) => ({ ...big(index + text.length, 2), isText: true }));
    }
    default:
      return [];
  }
}

/** The fields of width, height, rows in a strip, and sides of a tile in the first directory. */
function tiffFields(bytes: Buffer): readonly SizeField[] {
  const isBig = bytes.readUInt16LE(2) === 43;
  const start = isBig ? Number(bytes.readBigUInt64LE(8)) : bytes.readUInt32LE(4);
  const [first, size, value] = isBig ? [start + 8, 20, 12] : [start + 2, 12, 8];
  const count = isBig ? Number(bytes.readBigUInt64LE(start)) : bytes.readUInt16LE(start);
  return Array.from({ length: count }, (_, n) => first + n * size)
    .filter((at) => [256, 257, 278, 322, 323].includes(bytes.readUInt16LE(at)))
    .map((at) => ({ at: at + value, bytes: 2, isLittle: true, isText: false }));
}
