import { type Container, collectParts } from './container.ts';

const HAS_XMP = 0x04;
const HAS_ALPHA = 0x10;

interface Chunk {
  readonly type: string;
  readonly data: Buffer;
}

/**
 * Reads a WebP by its RIFF chunks (https://developers.google.com/speed/webp/docs/riff_container,
 * RFC 9649). XMP needs the extended format: a simple file gets its header. Throws `RangeError` if
 * the file is no WebP.
 */
export function readWebp(bytes: Buffer): Container {
  const isWebp = bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP';
  const end = 8 + bytes.readUInt32LE(4);
  if (!isWebp || end > bytes.length) throw new RangeError('Expected a whole WebP');
  const chunks = collectParts(chunksOf(bytes.subarray(12, end)));
  const [first] = chunks;
  if (first === undefined) throw new RangeError('Expected an image in the WebP');
  return {
    xmp: chunks.find(({ type }) => type === 'XMP ')?.data ?? null,
    signedBy: chunks.some(({ type }) => type === 'C2PA') ? 'others' : 'none',
    unsigned: () => bytes,
    withXmp: (packet) => {
      const others = chunks.filter(({ type }) => type !== 'XMP ' && type !== 'VP8X');
      const header = Buffer.from(first.type === 'VP8X' ? first.data : extendedHeader(first));
      header.writeUInt8(header.readUInt8(0) | HAS_XMP, 0);
      const all = [{ type: 'VP8X', data: header }, ...others, { type: 'XMP ', data: packet }];
      const body = Buffer.concat([Buffer.from('WEBP'), ...all.flatMap(rawChunk)]);
      return Buffer.concat([Buffer.from('RIFF'), uint32(body.length), body, bytes.subarray(end)]);
    },
  };
}

function* chunksOf(body: Buffer): Generator<Chunk> {
  let start = 0;
  while (start < body.length) {
    const length = body.readUInt32LE(start + 4);
    const data = body.subarray(start + 8, start + 8 + length);
    if (data.length < length) throw new RangeError('Expected a whole chunk');
    yield { type: body.toString('latin1', start, start + 4), data };
    // Chunks begin at even offsets.
    start += 8 + length + (length % 2);
  }
}

function rawChunk({ type, data }: Chunk): Buffer[] {
  return [Buffer.from(type, 'latin1'), uint32(data.length), data, Buffer.alloc(data.length % 2)];
}

/**
 * Creates the header of the extended format: flags, three reserved bytes, width and height less one
 * in three bytes each.
 */
function extendedHeader({ type, data }: Chunk): Buffer {
  const { widthPx, heightPx, hasAlpha } = type === 'VP8L' ? losslessSize(data) : lossySize(type, data);
  const header = Buffer.alloc(10);
  header.writeUInt8(hasAlpha ? HAS_ALPHA : 0, 0);
  header.writeUIntLE(widthPx - 1, 4, 3);
  header.writeUIntLE(heightPx - 1, 7, 3);
  return header;
}

/**
 * Reads the header of RFC 9649, section 3.4: a signature byte, then 14 bits each for width and
 * height less one, and a bit for alpha.
 */
function losslessSize(data: Buffer) {
  if (data.readUInt8(0) !== 0x2f) throw new RangeError('Expected a VP8L image');
  const bits = data.readUInt32LE(1);
  return {
    widthPx: (bits & 0x3fff) + 1,
    heightPx: ((bits >>> 14) & 0x3fff) + 1,
    hasAlpha: ((bits >>> 28) & 1) === 1,
  };
}

/**
 * Reads the header of RFC 6386, section 9.1: a frame tag of three bytes, a start code, then 14 bits
 * each for width and height, next to their scales.
 */
function lossySize(type: string, data: Buffer) {
  if (type !== 'VP8 ' || data.readUIntBE(3, 3) !== 0x9d012a) throw new RangeError('Expected a VP8 image');
  return {
    widthPx: data.readUInt16LE(6) & 0x3fff,
    heightPx: data.readUInt16LE(8) & 0x3fff,
    hasAlpha: false,
  };
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
