import { type BytesReader, cut, damaged } from './bytesReader.ts';
import { type ImageFacts, rowsMemory } from './imageFacts.ts';

const ANIMATION = 0x02;
/** Of a canvas. */
const MOST_PIXELS = 2 ** 32 - 1;

interface Chunk {
  readonly type: string;
  readonly content: number;
  readonly length: number;
}

interface Size {
  readonly widthPx: number;
  readonly heightPx: number;
}

interface Frame extends Size {
  readonly isLossless: boolean;
}

/** The chunks of a WebP that have been read. */
interface Progress {
  canvas: Size | null;
  isAnimated: boolean;
  frame: Frame | null;
}

/**
 * Reads a WebP (RFC 9649): its canvas and first frame, and if `toEnd` is set all its chunks. Bytes
 * after the last one do not count.
 */
export async function readWebpFacts(reader: BytesReader, toEnd: boolean): Promise<ImageFacts> {
  const end = 8 + (await reader.read(0, 12)).readUInt32LE(4);
  if (toEnd && end > reader.size) throw cut();
  const progress: Progress = { canvas: null, isAnimated: false, frame: null };
  for await (const chunk of allChunks(reader, end, toEnd)) {
    if (chunk.type === 'VP8X') await takeHeader(reader, chunk, progress);
    else progress.frame ??= await readFrame(reader, chunk);
    if (progress.frame !== null && !toEnd) break;
  }
  const { canvas, frame, isAnimated } = progress;
  if (frame === null) throw damaged('it has no image');
  const size = canvas ?? frame;
  const isOdd = size.widthPx !== frame.widthPx || size.heightPx !== frame.heightPx;
  if (isOdd && !isAnimated) throw damaged('it states two sizes');
  return factsOf(reader, size, { isLossless: frame.isLossless, isAnimated });
}

async function takeHeader(
  reader: BytesReader,
  { content, length }: Chunk,
  progress: Progress,
): Promise<void> {
  if (progress.canvas !== null || progress.frame !== null || length < 10)
    throw damaged('its header is misplaced');
  const head = await reader.read(content, 10);
  progress.isAnimated = (head.readUInt8(0) & ANIMATION) !== 0;
  progress.canvas = { widthPx: head.readUIntLE(4, 3) + 1, heightPx: head.readUIntLE(7, 3) + 1 };
  if (progress.canvas.widthPx * progress.canvas.heightPx > MOST_PIXELS) throw damaged('its size is invalid');
}

/** Yields all chunks, those of the frames of an animation included. */
async function* allChunks(reader: BytesReader, end: number, toEnd: boolean): AsyncGenerator<Chunk> {
  for await (const chunk of chunksOf(reader, 12, end, toEnd)) {
    yield chunk;
    const { type, content, length } = chunk;
    if (type !== 'ANMF') continue;
    if (length < 16) throw damaged('a frame is incomplete');
    yield* chunksOf(reader, content + 16, content + length, toEnd);
  }
}

async function* chunksOf(
  reader: BytesReader,
  from: number,
  to: number,
  toEnd: boolean,
): AsyncGenerator<Chunk> {
  for (let start = from; start < to; ) {
    if (start + 8 > to) throw damaged('a chunk is incomplete');
    const head = await reader.read(start, 8);
    const length = head.readUInt32LE(4);
    const end = start + 8 + length;
    if (toEnd && end > to) throw damaged('a chunk is incomplete');
    yield { type: head.toString('latin1', 0, 4), content: start + 8, length };
    // Chunks begin at even offsets.
    start = end + (length % 2);
  }
}

/** Reads the header of a chunk with pixels; null if it has none. */
async function readFrame(reader: BytesReader, { type, content, length }: Chunk): Promise<Frame | null> {
  if (type === 'VP8L') {
    if (length < 5) throw damaged('a frame is incomplete');
    const head = await reader.read(content, 5);
    if (head.readUInt8(0) !== 0x2f) throw damaged('a frame does not begin as such');
    const bits = head.readUInt32LE(1);
    if (bits >>> 29 !== 0) throw damaged('a frame has an unknown version');
    return { widthPx: (bits & 0x3fff) + 1, heightPx: ((bits >>> 14) & 0x3fff) + 1, isLossless: true };
  }
  if (type !== 'VP8 ') return null;
  if (length < 10) throw damaged('a frame is incomplete');
  const head = await reader.read(content, 10);
  const tag = head.readUIntLE(0, 3);
  // A key frame, which has a start code, and whose first partition lies within it.
  const isFrame = (tag & 1) === 0 && head.readUIntBE(3, 3) === 0x9d012a && tag >> 5 <= length - 10;
  if (!isFrame) throw damaged('a frame does not begin as such');
  const [widthPx, heightPx] = [head.readUInt16LE(6) & 0x3fff, head.readUInt16LE(8) & 0x3fff];
  if (widthPx === 0 || heightPx === 0) throw damaged('it has no size');
  return { widthPx, heightPx, isLossless: false };
}

/** Measured with libwebp, at full size and at half of it. */
const FULL = 8;
const SHRUNK_LOSSY = 2.5;
const SHRUNK_LOSSLESS = 5;
/** An animation has a canvas, and the one before. */
const CANVASES = 8;

function factsOf(
  reader: BytesReader,
  { widthPx, heightPx }: Size,
  { isLossless, isAnimated }: { readonly isLossless: boolean; readonly isAnimated: boolean },
): ImageFacts {
  const pixels = widthPx * heightPx;
  const rest = rowsMemory(widthPx, heightPx, 4) + reader.size + (isAnimated ? CANVASES * pixels : 0);
  const shrunk = (isLossless || isAnimated ? SHRUNK_LOSSLESS : SHRUNK_LOSSY) * pixels;
  return {
    format: 'webp',
    widthPx,
    heightPx,
    memory: { full: FULL * pixels + rest, shrunk: shrunk + rest },
    isUnbounded: false,
  };
}
