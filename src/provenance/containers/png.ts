import { crc32, inflateSync } from 'node:zlib';
import { type Container, collectParts, signerIn } from './container.ts';

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
const KEYWORD = Buffer.from('XML:com.adobe.xmp\0');
/** The fields of an iTXt chunk without compression, language or translated keyword. */
const PLAIN = Buffer.alloc(4);
/** The limit for a decompressed packet, more than any honest one. */
const MAX_XMP_BYTES = 16_000_000;

interface Chunk {
  readonly type: string;
  readonly data: Buffer;
  /** All bytes of the chunk, with length and checksum. */
  readonly raw: Buffer;
}

/**
 * Reads a PNG by its chunks (https://www.w3.org/TR/png-3/), with XMP in an iTXt chunk (XMP
 * Specification, part 3) and C2PA in a caBX chunk. Throws `RangeError` if the file is no PNG.
 */
export function readPng(bytes: Buffer): Container {
  if (!bytes.subarray(0, SIGNATURE.length).equals(SIGNATURE)) throw new RangeError('Expected a PNG');
  const chunks = collectParts(chunksOf(bytes));
  if (chunks[0]?.type !== 'IHDR' || chunks.at(-1)?.type !== 'IEND')
    throw new RangeError('Expected a whole PNG');
  // Some writers, libvips among them, use zTXt instead, the chunk of compressed Latin text.
  const isXmp = ({ type, data }: Chunk) =>
    (type === 'iTXt' || type === 'zTXt') && data.subarray(0, KEYWORD.length).equals(KEYWORD);
  const found = chunks.find(isXmp);
  return {
    xmp: found === undefined ? null : textOf(found),
    signedBy: signerIn(chunks.filter(isManifest).map(({ data }) => data)),
    unsigned: () =>
      Buffer.concat([SIGNATURE, ...chunks.filter((each) => !isManifest(each)).map(({ raw }) => raw)]),
    withXmp: (packet) => {
      const [header, ...others] = chunks.filter((chunk) => !isXmp(chunk)).map(({ raw }) => raw);
      const own = chunkOf('iTXt', Buffer.concat([KEYWORD, PLAIN, packet]));
      return Buffer.concat([SIGNATURE, header ?? Buffer.alloc(0), own, ...others]);
    },
  };
}

function isManifest({ type }: Chunk): boolean {
  return type === 'caBX';
}

function* chunksOf(bytes: Buffer): Generator<Chunk> {
  let start = SIGNATURE.length;
  while (start < bytes.length) {
    const end = start + 12 + bytes.readUInt32BE(start);
    if (end > bytes.length) throw new RangeError('Expected a whole chunk');
    const type = bytes.toString('latin1', start + 4, start + 8);
    yield { type, data: bytes.subarray(start + 8, end - 4), raw: bytes.subarray(start, end) };
    start = end;
  }
}

function chunkOf(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(typed));
  return Buffer.concat([length, typed, checksum]);
}

/**
 * Reads the text after the keyword; in an iTXt chunk, after two bytes about compression, a language
 * and a translated keyword.
 */
function textOf({ type, data }: Chunk): Buffer {
  if (type === 'zTXt') return inflated(data.subarray(KEYWORD.length + 1));
  let start = KEYWORD.length + 2;
  for (let texts = 0; texts < 2; texts += 1) start = data.indexOf(0, start) + 1;
  if (start <= KEYWORD.length + 2) throw new RangeError('Expected a whole iTXt chunk');
  const text = data.subarray(start);
  return data.readUInt8(KEYWORD.length) === 1 ? inflated(text) : text;
}

function inflated(text: Buffer): Buffer {
  return inflateSync(text, { maxOutputLength: MAX_XMP_BYTES });
}
