/**
 * A box of the ISO base media file format (ISO/IEC 14496-12, section 4.2), by its offsets in a
 * buffer.
 */
export interface IsobmffBox {
  readonly type: string;
  readonly start: number;
  /** Offset of its content; a full box begins with its version there. */
  readonly content: number;
  readonly end: number;
}

/** An honest file has some hundred boxes; millions of empty ones would fill the memory. */
const MOST_BOXES = 100_000;

/** Reads the boxes between two offsets. Throws `RangeError` if they do not fit, or are too many. */
export function isobmffBoxes(bytes: Buffer, from: number, to: number): readonly IsobmffBox[] {
  const boxes: IsobmffBox[] = [];
  for (let start = from; start < to; ) {
    if (boxes.length === MOST_BOXES) throw new RangeError(`Expected at most ${MOST_BOXES} boxes`);
    const shortSize = bytes.readUInt32BE(start);
    const isLarge = shortSize === 1;
    const content = start + (isLarge ? 16 : 8);
    const size = isLarge ? Number(bytes.readBigUInt64BE(start + 8)) : shortSize;
    // Zero: the box extends to the end of the file.
    const end = size === 0 ? to : start + size;
    if (end < content || end > to) throw new RangeError('Expected a whole box');
    boxes.push({ type: bytes.toString('latin1', start + 4, start + 8), start, content, end });
    start = end;
  }
  return boxes;
}

export function isobmffBox(type: string, ...content: readonly Buffer[]): Buffer {
  const size = content.reduce((sum, { length }) => sum + length, 8);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(size);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, ...content]);
}

const XMP_TYPE = 'application/rdf+xml';

/** An entry of an `iinf` box (ISO/IEC 14496-12, section 8.11.6). */
interface ItemInfo {
  readonly id: number;
  readonly isXmp: boolean;
  readonly raw: Buffer;
}

/** Reads the content of an `iinf` box. Throws `RangeError` if it ends too soon. */
export function readItemInfos(content: Buffer): readonly ItemInfo[] {
  const start = content.readUInt8(0) === 0 ? 6 : 8;
  return isobmffBoxes(content, start, content.length).map((box) => {
    const version = content.readUInt8(box.content);
    const idSize = version < 3 ? 2 : 4;
    const id = content.readUIntBE(box.content + 4, idSize);
    // After the id: a protection index, the type, a name, and for `mime` the media type.
    const [, mimeType] = content.toString('latin1', box.content + 6 + idSize, box.end).split('\0');
    const isXmp = version >= 2 && isMime(content, box.content + 6 + idSize) && mimeType === XMP_TYPE;
    return { id, isXmp, raw: content.subarray(box.start, box.end) };
  });
}

/** Writes the content of an `iinf` box with these entries. */
export function writeItemInfos(infos: readonly ItemInfo[]): Buffer {
  const head = Buffer.alloc(6);
  head.writeUInt16BE(infos.length, 4);
  return Buffer.concat([head, ...infos.map(({ raw }) => raw)]);
}

/**
 * Creates the entry of an XMP item. Throws `RangeError` if the id is too large for an entry of
 * version 2.
 */
export function xmpItemInfo(id: number): ItemInfo {
  const head = Buffer.alloc(8);
  head.writeUInt8(2, 0);
  head.writeUInt16BE(id, 4);
  const raw = isobmffBox('infe', head, Buffer.from(`mime\0${XMP_TYPE}\0`, 'latin1'));
  return { id, isXmp: true, raw };
}

function isMime(content: Buffer, offset: number): boolean {
  return content.toString('latin1', offset, offset + 4) === 'mime';
}

/** The location of an item's data (ISO/IEC 14496-12, section 8.11.3). */
export interface ItemLocation {
  readonly id: number;
  /** 0: offsets count from the beginning of the file. */
  readonly construction: number;
  /** 0: in this file. */
  readonly reference: number;
  readonly extents: readonly { readonly index: number; readonly offset: number; readonly length: number }[];
}

interface ItemLocations {
  readonly version: number;
  readonly items: readonly ItemLocation[];
}

/** Extents of all items, at most: they may be stated without a byte for each. */
const MOST_EXTENTS = 100_000;

/** Reads the content of an `iloc` box. Throws `RangeError` if it ends too soon. */
export function readItemLocations(content: Buffer): ItemLocations {
  const version = content.readUInt8(0);
  if (version > 2) throw new RangeError(`Expected an iloc box of version 0 to 2, got ${version}`);
  const sizes = content.readUInt16BE(4);
  const [offsetSize, lengthSize, baseSize] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15];
  const indexSize = version === 0 ? 0 : sizes & 15;
  const idSize = version === 2 ? 4 : 2;
  let position = 6;
  const read = (size: number): number => {
    const value = size === 8 ? Number(content.readBigUInt64BE(position)) : read32(content, position, size);
    position += size;
    return value;
  };
  const count = read(idSize);
  const items: ItemLocation[] = [];
  let total = 0;
  for (let n = 0; n < count; n += 1) {
    const id = read(idSize);
    const construction = version === 0 ? 0 : read(2) & 15;
    const reference = read(2);
    const base = read(baseSize);
    const length = read(2);
    total += length;
    if (total > MOST_EXTENTS) throw new RangeError(`Expected at most ${MOST_EXTENTS} extents`);
    const extents = Array.from({ length }, () => ({
      index: read(indexSize),
      offset: base + read(offsetSize),
      length: read(lengthSize),
    }));
    items.push({ id, construction, reference, extents });
  }
  return { version, items };
}

/**
 * Writes the content of an `iloc` box with these locations. Its length does not depend on their
 * offsets.
 */
export function writeItemLocations({ version, items }: ItemLocations): Buffer {
  const idSize = version === 2 ? 4 : 2;
  const hasIndexes = items.some(({ extents }) => extents.some(({ index }) => index !== 0));
  const indexSize = hasIndexes ? 4 : 0;
  const head = Buffer.of(version, 0, 0, 0, 0x44, indexSize);
  const fields = items.flatMap(({ id, construction, reference, extents }) => [
    uint(id, idSize),
    ...(version === 0 ? [] : [uint(construction, 2)]),
    uint(reference, 2),
    uint(extents.length, 2),
    ...extents.flatMap(({ index, offset, length }) => [
      uint(index, indexSize),
      uint(offset, 4),
      uint(length, 4),
    ]),
  ]);
  return Buffer.concat([head, uint(items.length, idSize), ...fields]);
}

function read32(content: Buffer, offset: number, size: number): number {
  if (size === 0) return 0;
  if (size !== 2 && size !== 4) throw new RangeError(`Expected numbers of 0, 4 or 8 bytes, got ${size}`);
  return content.readUIntBE(offset, size);
}

/** Writes an unsigned integer. Throws `RangeError` if it needs more than `size` bytes. */
function uint(value: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  if (size > 0) bytes.writeUIntBE(value, 0, size);
  return bytes;
}
