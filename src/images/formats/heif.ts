import { type BytesReader, cut, damaged } from './bytesReader.ts';
import { type ImageFacts, rowsMemory } from './imageFacts.ts';
import { type IsobmffBox, isobmffBoxes, readItemLocations } from './isobmff.ts';

/** The largest box that is read as a whole: those of honest files have some kilobytes. */
const MOST_BOX_BYTES = 16_000_000;

/** Measured with libaom through libheif, at 8 bits a channel and at more. */
const BYTES_PER_PIXEL = 20;
const BYTES_PER_DEEP_PIXEL = 40;

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
  return meta === null ? null : factsOf(meta);
}

/** Checks that all boxes of a film or a sound lie within the file, and their data too. */
export async function checkFilm(reader: BytesReader): Promise<void> {
  const { boxes, meta } = await readContainer(reader, true);
  await checkContent(reader, boxes, meta);
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
  const find = (type: string) => boxes.find((box) => box.type === type);
  const [locations, ownData] = [find('iloc'), find('idat')];
  if (locations === undefined) return;
  const { items } = orDamaged(() => readItemLocations(meta.subarray(locations.content, locations.end)));
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

function factsOf(meta: Buffer): ImageFacts {
  return orDamaged(() => {
    const boxes = isobmffBoxes(meta, 0, meta.length);
    const find = (within: readonly IsobmffBox[], type: string) => within.find((box) => box.type === type);
    const [primary, properties] = [find(boxes, 'pitm'), find(boxes, 'iprp')];
    if (primary === undefined || properties === undefined) throw damaged('it has no image');
    const parts = isobmffBoxes(meta, properties.content, properties.end);
    const [container, associations] = [find(parts, 'ipco'), find(parts, 'ipma')];
    if (container === undefined || associations === undefined) throw damaged('it has no image');
    const all = isobmffBoxes(meta, container.content, container.end);
    const id =
      meta.readUInt8(primary.content) === 0
        ? meta.readUInt16BE(primary.content + 4)
        : meta.readUInt32BE(primary.content + 4);
    const own = readAssociations(meta, associations, id).map((index) => all[index - 1]);
    const { widthPx, heightPx } = sizeOf(meta, own);
    // Tiles and hidden images are decoded too, the largest of them at a time.
    const sizes = all
      .filter(({ type }) => type === 'ispe')
      .map(({ content }) => meta.readUInt32BE(content + 4) * meta.readUInt32BE(content + 8));
    const bytesPerPixel = all.some((box) => isDeep(meta, box)) ? BYTES_PER_DEEP_PIXEL : BYTES_PER_PIXEL;
    const bytes = Math.max(...sizes, widthPx * heightPx) * bytesPerPixel + rowsMemory(widthPx, heightPx, 4);
    return { format: 'avif', widthPx, heightPx, memory: { full: bytes, shrunk: bytes }, isUnbounded: false };
  });
}

/** Returns the 1-based indexes of the properties of an item (ISO/IEC 23008-12, section 9.3). */
function readAssociations(meta: Buffer, { content }: IsobmffBox, id: number): number[] {
  const [version, flags] = [meta.readUInt8(content), meta.readUInt8(content + 3)];
  const [idSize, indexSize] = [version < 1 ? 2 : 4, (flags & 1) === 1 ? 2 : 1];
  const count = meta.readUInt32BE(content + 4);
  let at = content + 8;
  for (let n = 0; n < count; n += 1) {
    const item = meta.readUIntBE(at, idSize);
    const length = meta.readUInt8(at + idSize);
    at += idSize + 1;
    if (item === id) {
      const mask = indexSize === 2 ? 0x7fff : 0x7f;
      return Array.from({ length }, (_, each) => meta.readUIntBE(at + each * indexSize, indexSize) & mask);
    }
    at += length * indexSize;
  }
  return [];
}

/** Applies the transformations of an image to its size, in their order. */
function sizeOf(meta: Buffer, properties: readonly (IsobmffBox | undefined)[]) {
  let [widthPx, heightPx] = [0, 0];
  for (const box of properties) {
    if (box?.type === 'ispe')
      [widthPx, heightPx] = [meta.readUInt32BE(box.content + 4), meta.readUInt32BE(box.content + 8)];
    if (box?.type === 'clap') {
      const part = (at: number) =>
        Math.round(
          meta.readUInt32BE(box.content + at) / Math.max(1, meta.readUInt32BE(box.content + at + 4)),
        );
      [widthPx, heightPx] = [Math.min(widthPx, part(0)), Math.min(heightPx, part(8))];
    }
    if (box?.type === 'irot' && (meta.readUInt8(box.content) & 1) === 1)
      [widthPx, heightPx] = [heightPx, widthPx];
  }
  if (widthPx === 0 || heightPx === 0) throw damaged('it has no size');
  return { widthPx, heightPx };
}

/** Returns true for the configuration of a coded image with more than 8 bits a channel. */
function isDeep(meta: Buffer, { type, content }: IsobmffBox): boolean {
  return type === 'av1C' && (meta.readUInt8(content + 2) & 0x40) !== 0;
}
