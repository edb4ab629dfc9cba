import { largestFrame } from './av1.ts';
import { type BytesReader, cut, damaged } from './bytesReader.ts';
import { type CodedImage, readHeifImages } from './heifItems.ts';
import type { ImageFacts } from './imageFacts.ts';
import { type IsobmffBox, isobmffBoxes, readItemLocations } from './isobmff.ts';

/** The largest box that is read as a whole: those of honest files have some kilobytes. */
const MOST_BOX_BYTES = 16_000_000;

/** Enough for the sequence header with which coded data begin. */
const CODED_HEAD_BYTES = 64;

/** A file of the ISO base media file format: an image, a film, or a sound. */
interface Container {
  readonly boxes: readonly IsobmffBox[];
  /** The content of its `meta` box, without version and flags; null if it has none. */
  readonly meta: Buffer | null;
}

/**
 * Reads an AVIF or another HEIF still (ISO/IEC 23008-12): the size of its primary image, and if
 * `toEnd` is set all boxes and the extents of all items, which must lie within the file. Null for
 * an animation without a still.
 */
export async function readHeifFacts(reader: BytesReader, toEnd: boolean): Promise<ImageFacts | null> {
  const { boxes, meta } = await readContainer(reader, toEnd);
  if (toEnd) await checkContent(reader, boxes, meta);
  if (meta === null) return null;
  const { facts, coded } = orDamaged(() => readHeifImages(meta));
  if (toEnd) for (const image of coded) await checkSize(reader, meta, image);
  return facts;
}

/** Checks that an image is no larger than the data that it is coded as. */
async function checkSize(reader: BytesReader, meta: Buffer, image: CodedImage): Promise<void> {
  const { size } = image;
  const largest = image.largest ?? (await largestInData(reader, meta, image.id));
  if (largest !== null && (size.widthPx > largest.widthPx || size.heightPx > largest.heightPx))
    throw damaged('it states a larger size than its image has');
}

async function largestInData(reader: BytesReader, meta: Buffer, id: number) {
  const { items } = orDamaged(() => locationsIn(meta)) ?? { items: [] };
  const [extent] = items.find((item) => item.id === id && item.construction === 0)?.extents ?? [];
  if (extent === undefined) return null;
  const head = await reader.readUpTo(extent.offset, Math.min(extent.length, CODED_HEAD_BYTES));
  return orDamaged(() => largestFrame(head));
}

function locationsIn(meta: Buffer) {
  const box = isobmffBoxes(meta, 0, meta.length).find(({ type }) => type === 'iloc');
  return box === undefined ? null : readItemLocations(meta.subarray(box.content, box.end));
}

/** Checks that all boxes of a still image lie within the file, and its data too. */
export async function checkStill(reader: BytesReader): Promise<void> {
  const { boxes, meta } = await readContainer(reader, true);
  await checkContent(reader, boxes, meta);
}

/** Checks that all boxes of a film or a sound lie within the file, and their data too. */
export async function checkFilm(reader: BytesReader): Promise<void> {
  const { boxes, meta } = await readContainer(reader, true);
  await checkContent(reader, boxes, meta);
  if (!boxes.some(({ type }) => type === 'moov' || type === 'moof')) throw damaged('it has no film');
}

async function readContainer(reader: BytesReader, toEnd: boolean): Promise<Container> {
  const boxes: IsobmffBox[] = [];
  let meta: Buffer | null = null;
  for (let start = 0; start < reader.size; ) {
    const box = await readBox(reader, start);
    if (toEnd && box.end > reader.size) throw cut();
    if (start === 0 && box.type !== 'ftyp') throw damaged('it does not begin with its type');
    boxes.push(box);
    start = box.end;
    if (box.type !== 'meta') continue;
    meta = (await contentOf(reader, box)).subarray(4);
    if (!toEnd) break;
  }
  return { boxes, meta };
}

async function readBox(reader: BytesReader, start: number): Promise<IsobmffBox> {
  const head = await reader.read(start, 8);
  const shortSize = head.readUInt32BE(0);
  const isLarge = shortSize === 1;
  const size = isLarge ? Number((await reader.read(start + 8, 8)).readBigUInt64BE(0)) : shortSize;
  const content = start + (isLarge ? 16 : 8);
  // Zero: the box extends to the end of the file.
  const end = size === 0 ? reader.size : start + size;
  if (end < content) throw damaged('a box has no size');
  return { type: head.toString('latin1', 4, 8), start, content, end };
}

async function contentOf(reader: BytesReader, { content, end }: IsobmffBox): Promise<Buffer> {
  if (end - content > MOST_BOX_BYTES) throw damaged('a box is too large');
  return Buffer.from(await reader.read(content, end - content));
}

async function checkContent(
  reader: BytesReader,
  boxes: readonly IsobmffBox[],
  meta: Buffer | null,
): Promise<void> {
  const has = (type: string) => boxes.some((box) => box.type === type);
  const movie = boxes.find(({ type }) => type === 'moov');
  if (movie === undefined && meta === null && !has('moof')) throw cut();
  if (meta !== null) checkItems(reader, meta, has('mdat'));
  if (movie === undefined) return;
  if (!has('mdat') && !has('moof')) throw cut();
  if (movie.end - movie.content <= MOST_BOX_BYTES) checkChunks(reader, await contentOf(reader, movie));
}

/** Reads something whose parts may not fit: that is damage, not a fault of ours. */
function orDamaged<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw damaged('a box does not fit into its own');
    throw error;
  }
}

/** Checks the extents of all items in this file. */
function checkItems(reader: BytesReader, meta: Buffer, hasData: boolean): void {
  const boxes = orDamaged(() => isobmffBoxes(meta, 0, meta.length));
  const ownData = boxes.find(({ type }) => type === 'idat');
  const { items } = orDamaged(() => locationsIn(meta)) ?? { items: [] };
  // 0: from the beginning of the file, 1: in the box `idat`.
  const lastByte = (construction: number) =>
    items
      .filter((item) => item.reference === 0 && item.construction === construction)
      .flatMap(({ extents }) => extents.map(({ offset, length }) => offset + length))
      .reduce((last, end) => Math.max(last, end), 0);
  const ownBytes = ownData === undefined ? 0 : ownData.end - ownData.content;
  if (lastByte(1) > ownBytes) throw damaged('a part of it lies outside of its box');
  if (lastByte(0) > reader.size || (lastByte(0) > 0 && !hasData)) throw cut();
}

/** Boxes of a film that lead to the offsets of its data. */
const LEADING = new Set(['trak', 'mdia', 'minf', 'stbl']);

/** Checks the offsets of the chunks of all tracks. */
function checkChunks(reader: BytesReader, movie: Buffer): void {
  const open: (readonly [from: number, to: number])[] = [[0, movie.length]];
  for (let range = open.pop(); range !== undefined; range = open.pop()) {
    const [from, to] = range;
    for (const box of orDamaged(() => isobmffBoxes(movie, from, to))) {
      if (LEADING.has(box.type)) open.push([box.content, box.end]);
      if (orDamaged(() => lastChunk(movie, box)) >= reader.size) throw cut();
    }
  }
}

/** Returns the largest offset in a box of offsets (ISO/IEC 14496-12, section 8.7.5); else -1. */
function lastChunk(movie: Buffer, { type, content, end }: IsobmffBox): number {
  if (type !== 'stco' && type !== 'co64') return -1;
  const size = type === 'stco' ? 4 : 8;
  const count = Math.min(movie.readUInt32BE(content + 4), Math.floor((end - content - 8) / size));
  let last = -1;
  for (let at = content + 8; at < content + 8 + count * size; at += size) {
    last = Math.max(last, size === 4 ? movie.readUInt32BE(at) : Number(movie.readBigUInt64BE(at)));
  }
  return last;
}
