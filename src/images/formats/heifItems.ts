import { largestFrame } from './av1.ts';
import { damaged } from './bytesReader.ts';
import type { ImageFacts } from './imageFacts.ts';
import { rowsMemory } from './imageFacts.ts';
import { type IsobmffBox, isobmffBoxes } from './isobmff.ts';

/** Measured with libaom through libheif, at 8 bits a channel and at more. */
const BYTES_PER_PIXEL = 20;
const BYTES_PER_DEEP_PIXEL = 40;

interface Size {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** The images in a HEIF file, as their properties state them (ISO/IEC 23008-12, section 9.3). */
export interface HeifImages {
  readonly facts: ImageFacts;
  /** The images that are coded as AV1. */
  readonly coded: readonly CodedImage[];
}

/** An image that is coded as AV1. */
export interface CodedImage {
  /** Id of its item. */
  readonly id: number;
  /** The size that its property states. */
  readonly size: Size;
  /** The largest size that its configuration states; null if it states none. */
  readonly largest: Size | null;
}

/**
 * Reads the images of a HEIF file from the content of its `meta` box. Throws `RangeError` if a part
 * does not fit, `StructureFault` if there is no image.
 */
export function readHeifImages(meta: Buffer): HeifImages {
  const boxes = isobmffBoxes(meta, 0, meta.length);
  const [primary, properties] = [find(boxes, 'pitm'), find(boxes, 'iprp')];
  const parts = isobmffBoxes(meta, properties.content, properties.end);
  const container = find(parts, 'ipco');
  const all = isobmffBoxes(meta, container.content, container.end);
  const associations = readAssociations(meta, find(parts, 'ipma'));
  const propertiesOf = (id: number) => (associations.get(id) ?? []).flatMap((index) => all[index - 1] ?? []);
  const isShort = meta.readUInt8(primary.content) === 0;
  const id = isShort ? meta.readUInt16BE(primary.content + 4) : meta.readUInt32BE(primary.content + 4);
  const size = shownSize(meta, propertiesOf(id));
  return {
    facts: factsOf(meta, size, all),
    coded: [...associations.keys()].flatMap((item) => codedImage(meta, item, propertiesOf(item))),
  };
}

function find(boxes: readonly IsobmffBox[], type: string): IsobmffBox {
  const found = boxes.find((box) => box.type === type);
  if (found === undefined) throw damaged('it has no image');
  return found;
}

/** An honest file has a few; millions would fill the memory. */
const MOST_ITEMS = 100_000;

/** Returns the 1-based indexes of the properties of each item. */
function readAssociations(meta: Buffer, { content }: IsobmffBox): ReadonlyMap<number, readonly number[]> {
  const [version, flags] = [meta.readUInt8(content), meta.readUInt8(content + 3)];
  const [idSize, indexSize] = [version < 1 ? 2 : 4, (flags & 1) === 1 ? 2 : 1];
  const mask = indexSize === 2 ? 0x7fff : 0x7f;
  const count = meta.readUInt32BE(content + 4);
  if (count > MOST_ITEMS) throw new RangeError(`Expected at most ${MOST_ITEMS} items`);
  const found = new Map<number, readonly number[]>();
  let at = content + 8;
  for (let n = 0; n < count; n += 1) {
    const id = meta.readUIntBE(at, idSize);
    const length = meta.readUInt8(at + idSize);
    const first = at + idSize + 1;
    const index = (each: number) => meta.readUIntBE(first + each * indexSize, indexSize) & mask;
    found.set(
      id,
      Array.from({ length }, (_, each) => index(each)),
    );
    at = first + length * indexSize;
  }
  return found;
}

function statedSize(meta: Buffer, { content }: IsobmffBox): Size {
  return { widthPx: meta.readUInt32BE(content + 4), heightPx: meta.readUInt32BE(content + 8) };
}

/** Applies the transformations of an image to its size, in their order. */
function shownSize(meta: Buffer, properties: readonly IsobmffBox[]): Size {
  let size: Size = { widthPx: 0, heightPx: 0 };
  for (const box of properties) {
    if (box.type === 'ispe') size = statedSize(meta, box);
    if (box.type === 'clap') size = clippedSize(meta, box, size);
    if (box.type === 'irot' && (meta.readUInt8(box.content) & 1) === 1)
      size = { widthPx: size.heightPx, heightPx: size.widthPx };
  }
  if (size.widthPx === 0 || size.heightPx === 0) throw damaged('it has no size');
  return size;
}

/** Returns the size of a part of an image; it is stated in fractions. */
function clippedSize(meta: Buffer, { content }: IsobmffBox, { widthPx, heightPx }: Size): Size {
  const part = (at: number) =>
    Math.round(meta.readUInt32BE(content + at) / Math.max(1, meta.readUInt32BE(content + at + 4)));
  return { widthPx: Math.min(widthPx, part(0)), heightPx: Math.min(heightPx, part(8)) };
}

function codedImage(meta: Buffer, id: number, properties: readonly IsobmffBox[]): CodedImage[] {
  const [size, config] = ['ispe', 'av1C'].map((type) => properties.find((box) => box.type === type));
  if (size === undefined || config === undefined) return [];
  const header = meta.subarray(config.content + 4, config.end);
  return [{ id, size: statedSize(meta, size), largest: largestFrame(header) }];
}

function factsOf(meta: Buffer, { widthPx, heightPx }: Size, all: readonly IsobmffBox[]): ImageFacts {
  // Tiles and hidden images are decoded too, the largest of them at a time.
  const pixels = all
    .filter(({ type }) => type === 'ispe')
    .map((box) => statedSize(meta, box))
    .reduce((most, size) => Math.max(most, size.widthPx * size.heightPx), widthPx * heightPx);
  // A configuration states whether there are more than 8 bits a channel.
  const isDeep = all.some(
    ({ type, content }) => type === 'av1C' && (meta.readUInt8(content + 2) & 0x40) !== 0,
  );
  const bytes = pixels * (isDeep ? BYTES_PER_DEEP_PIXEL : BYTES_PER_PIXEL) + rowsMemory(widthPx, heightPx, 4);
  return { format: 'avif', widthPx, heightPx, memory: { full: bytes, shrunk: bytes }, isUnbounded: false };
}
