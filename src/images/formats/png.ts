import { crc32 } from 'node:zlib';
import { type BytesReader, damaged, windowBytes } from './bytesReader.ts';
import { type ImageFacts, rowsMemory } from './imageFacts.ts';

export const pngSignature = Buffer.from('89504e470d0a1a0a', 'hex');

/** The most bytes that deflate makes of one (RFC 1951): 258 of two bits, and a little. */
const MOST_INFLATED = 1_032;

interface Header {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly depth: number;
  readonly colourType: number;
  readonly isInterlaced: boolean;
}

/**
 * Reads a PNG (https://www.w3.org/TR/png-3/): its header, and if `toEnd` is set all its chunks up
 * to IEND, with their checksums and their order. Bytes after IEND do not count.
 */
export async function readPngFacts(reader: BytesReader, toEnd: boolean): Promise<ImageFacts> {
  const first = await readChunk(reader, pngSignature.length);
  if (first.type !== 'IHDR' || first.length !== 13) throw damaged('it does not begin with its header');
  await checkSum(reader, first);
  const header = readHeader(await reader.read(first.start + 8, 13));
  if (toEnd) await readChunks(reader, first.end, header);
  return factsOf(header);
}

interface Chunk {
  readonly type: string;
  readonly start: number;
  readonly length: number;
  /** Offset of the next chunk. */
  readonly end: number;
}

async function readChunk(reader: BytesReader, start: number): Promise<Chunk> {
  const head = await reader.read(start, 8);
  const length = head.readUInt32BE(0);
  const type = head.toString('latin1', 4, 8);
  if (!/^[A-Za-z]{4}$/.test(type)) throw damaged('a chunk has no name');
  return { type, start, length, end: start + 12 + length };
}

async function checkSum(reader: BytesReader, { type, start, end }: Chunk): Promise<void> {
  let sum = 0;
  for (let at = start + 4; at < end - 4; ) {
    const bytes = await reader.read(at, Math.min(windowBytes, end - 4 - at));
    sum = crc32(bytes, sum);
    at += bytes.length;
  }
  const stored = (await reader.read(end - 4, 4)).readUInt32BE(0);
  if (stored !== sum) throw damaged(`the checksum of a chunk ${type} is wrong`);
}

/** Depths that each colour type may have. */
const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

function readHeader(bytes: Buffer): Header {
  const [widthPx, heightPx] = [bytes.readUInt32BE(0), bytes.readUInt32BE(4)];
  const [depth = 0, colourType = 0, compression, filter, interlace] = bytes.subarray(8);
  const isKnown = DEPTHS[colourType]?.includes(depth) === true && compression === 0 && filter === 0;
  if (!isKnown || interlace === undefined || interlace > 1) throw damaged('its header is invalid');
  if (widthPx === 0 || heightPx === 0) throw damaged('it has no size');
  return { widthPx, heightPx, depth, colourType, isInterlaced: interlace === 1 };
}

/** Channels by colour type, as many as libvips may hold, and as many as are stored. */
const CHANNELS: Readonly<Record<number, readonly [held: number, stored: number]>> = {
  0: [2, 1],
  2: [4, 3],
  3: [4, 1],
  4: [2, 2],
  6: [4, 4],
};

function factsOf({ widthPx, heightPx, depth, colourType, isInterlaced }: Header): ImageFacts {
  const [held] = CHANNELS[colourType] ?? [4, 4];
  const bytesPerPixel = held * (depth === 16 ? 2 : 1);
  // Each pass of an interlaced image adds to all rows.
  const whole = isInterlaced ? widthPx * heightPx * bytesPerPixel : 0;
  const bytes = whole + rowsMemory(widthPx, heightPx, bytesPerPixel);
  return {
    format: 'png',
    widthPx,
    heightPx,
    memory: { full: bytes, shrunk: bytes },
    isUnbounded: false,
  };
}

/** The chunks of a PNG that have been read. */
interface Progress {
  previous: string;
  dataBytes: number;
  hasPalette: boolean;
}

async function readChunks(reader: BytesReader, from: number, header: Header): Promise<void> {
  const progress: Progress = { previous: 'IHDR', dataBytes: 0, hasPalette: false };
  let chunk = await readChunk(reader, from);
  for (; chunk.type !== 'IEND'; chunk = await readChunk(reader, chunk.end)) {
    await checkSum(reader, chunk);
    if (chunk.type === 'IHDR') throw damaged('it has two headers');
    if (chunk.type === 'IDAT') await takeData(reader, chunk, progress);
    progress.hasPalette ||= chunk.type === 'PLTE';
    progress.previous = chunk.type;
  }
  await checkSum(reader, chunk);
  const { dataBytes, hasPalette } = progress;
  if (dataBytes === 0) throw damaged('it has no image data');
  if (header.colourType === 3 && !hasPalette) throw damaged('it has no palette');
  if (pixelBytes(header) > dataBytes * MOST_INFLATED)
    throw damaged('its image data are too short for its size');
}

async function takeData(reader: BytesReader, { start, length }: Chunk, progress: Progress): Promise<void> {
  const isFirst = progress.dataBytes === 0;
  if (!isFirst && progress.previous !== 'IDAT') throw damaged('its image data are in pieces');
  if (isFirst && length > 1) checkZlib(await reader.read(start + 8, 2));
  progress.dataBytes += length;
}

/** Checks the header of a zlib stream (RFC 1950). */
function checkZlib(bytes: Buffer): void {
  if ((bytes.readUInt8(0) & 15) !== 8 || bytes.readUInt16BE(0) % 31 !== 0)
    throw damaged('its image data do not begin as such');
}

function pixelBytes({ widthPx, heightPx, depth, colourType }: Header): number {
  const [, stored] = CHANNELS[colourType] ?? [4, 4];
  return heightPx * (1 + Math.ceil((widthPx * stored * depth) / 8));
}
