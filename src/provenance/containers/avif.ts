import {
  type IsobmffBox,
  type ItemLocation,
  isobmffBox,
  isobmffBoxes,
  readItemInfos,
  readItemLocations,
  writeItemInfos,
  writeItemLocations,
  xmpItemInfo,
} from '../../images/formats/isobmff.ts';
import type { Container } from './container.ts';

/**
 * The id of the `uuid` box that holds a C2PA manifest (C2PA Technical Specification, section A.5).
 */
const C2PA = Buffer.from('d8fec3d61b0e483c92975828877ec481', 'hex');

/**
 * Reads an AVIF or another HEIF still by its boxes (ISO/IEC 23008-12). XMP is an item of the type
 * `mime` that describes the primary item; its data is appended to the file. Throws `RangeError` if
 * the file is no HEIF, or is animated.
 */
export function readAvif(bytes: Buffer): Container {
  const boxes = isobmffBoxes(bytes, 0, bytes.length);
  const meta = boxes.find(({ type }) => type === 'meta');
  if (meta === undefined || boxes[0]?.type !== 'ftyp') throw new RangeError('Expected an AVIF');
  if (boxes.some(({ type }) => type === 'moov')) throw new RangeError('Expected a still image');
  const current = xmpLocation(bytes, meta);
  return {
    xmp: current === null ? null : dataOf(current, bytes),
    signedBy: boxes.some((box) => isManifest(box, bytes)) ? 'others' : 'none',
    unsigned: () => bytes,
    withXmp: (packet) => {
      const last = boxes.at(-1);
      // An earlier packet of ours has the last box for itself.
      const rest = bytes.subarray(
        meta.end,
        current !== null && isOnlyIn(last, current) ? last?.start : bytes.length,
      );
      const head = bytes.subarray(0, meta.start);
      // The length of the new box does not depend on the offsets in it.
      const shift =
        metaWithXmp(bytes, meta, { offset: 0, length: 0, shift: 0 }).length - (meta.end - meta.start);
      const offset = meta.end + shift + rest.length + 8;
      const newMeta = metaWithXmp(bytes, meta, { offset, length: packet.length, shift });
      return Buffer.concat([head, newMeta, withSizes(rest, meta.end, boxes), isobmffBox('mdat', packet)]);
    },
  };
}

function isManifest({ type, content }: IsobmffBox, bytes: Buffer): boolean {
  return type === 'uuid' && bytes.subarray(content, content + C2PA.length).equals(C2PA);
}

function xmpLocation(bytes: Buffer, meta: IsobmffBox): ItemLocation | null {
  const parts = isobmffBoxes(bytes, meta.content + 4, meta.end);
  const contentOf = (wanted: string) => {
    const found = parts.find(({ type }) => type === wanted);
    if (found === undefined) throw new RangeError(`Expected a box ${wanted}`);
    return bytes.subarray(found.content, found.end);
  };
  const info = readItemInfos(contentOf('iinf')).find(({ isXmp }) => isXmp);
  if (info === undefined) return null;
  return readItemLocations(contentOf('iloc')).items.find(({ id }) => id === info.id) ?? null;
}

/** Reads an item's data. Throws `RangeError` if the data is in another box or another file. */
function dataOf({ construction, reference, extents }: ItemLocation, bytes: Buffer): Buffer {
  if (construction !== 0 || reference !== 0) throw new RangeError('Expected XMP in the file itself');
  return Buffer.concat(extents.map(({ offset, length }) => bytes.subarray(offset, offset + length)));
}

function isOnlyIn(box: IsobmffBox | undefined, { extents }: ItemLocation): boolean {
  const [extent] = extents;
  if (box?.type !== 'mdat' || extent === undefined || extents.length > 1) return false;
  return extent.offset === box.content && extent.offset + extent.length === box.end;
}

/** Writes an explicit size into a last box that extended to the end of the file. */
function withSizes(rest: Buffer, start: number, boxes: readonly IsobmffBox[]): Buffer {
  const last = boxes.at(-1);
  if (last === undefined || last.start < start || last.start >= start + rest.length) return rest;
  if (rest.readUInt32BE(last.start - start) !== 0) return rest;
  const sized = Buffer.from(rest);
  sized.writeUInt32BE(last.end - last.start, last.start - start);
  return sized;
}

interface PacketLocation {
  /** Offset of the packet in the new file. */
  readonly offset: number;
  readonly length: number;
  /** Bytes by which everything after the `meta` box moves. */
  readonly shift: number;
}

/**
 * Creates a `meta` box (ISO/IEC 23008-12) with an XMP item that describes the primary item and
 * replaces the current XMP item. All other items stay. Throws `RangeError` if a required box is
 * missing, or a number does not fit into its field.
 */
function metaWithXmp(bytes: Buffer, meta: IsobmffBox, { offset, length, shift }: PacketLocation): Buffer {
  const parts = isobmffBoxes(bytes, meta.content + 4, meta.end);
  const contentOf = ({ content, end }: IsobmffBox) => bytes.subarray(content, end);
  const part = (wanted: string) => parts.find(({ type }) => type === wanted);
  const [infoBox, locationBox, primaryBox] = [part('iinf'), part('iloc'), part('pitm')];
  if (infoBox === undefined || locationBox === undefined || primaryBox === undefined) {
    throw new RangeError('Expected the boxes iinf, iloc and pitm');
  }
  const infos = readItemInfos(contentOf(infoBox));
  const { version, items } = readItemLocations(contentOf(locationBox));
  const current = infos.find(({ isXmp }) => isXmp);
  const id = current?.id ?? Math.max(0, ...infos.map((info) => info.id)) + 1;
  const own = { id, construction: 0, reference: 0, extents: [{ index: 0, offset, length }] };
  const others = items.filter((item) => item.id !== id).map((item) => moved(item, meta.end, shift));
  const rewritten = parts.map((box) => {
    if (box === infoBox && current === undefined) {
      return isobmffBox('iinf', writeItemInfos([...infos, xmpItemInfo(id)]));
    }
    if (box === locationBox) {
      return isobmffBox('iloc', writeItemLocations({ version, items: [...others, own] }));
    }
    if (box.type === 'iref' && current === undefined) {
      return isobmffBox(
        'iref',
        contentOf(box),
        description(id, primaryItem(contentOf(primaryBox)), bytes.readUInt8(box.content)),
      );
    }
    return bytes.subarray(box.start, box.end);
  });
  if (current === undefined && part('iref') === undefined) {
    rewritten.push(
      isobmffBox('iref', Buffer.alloc(4), description(id, primaryItem(contentOf(primaryBox)), 0)),
    );
  }
  return isobmffBox('meta', bytes.subarray(meta.content, meta.content + 4), ...rewritten);
}

/** Shifts the extents that lie after the `meta` box in this file. */
function moved(item: ItemLocation, end: number, shift: number): ItemLocation {
  if (item.construction !== 0 || item.reference !== 0) return item;
  const extents = item.extents.map((extent) =>
    extent.offset >= end ? { ...extent, offset: extent.offset + shift } : extent,
  );
  return { ...item, extents };
}

function primaryItem(content: Buffer): number {
  return content.readUInt8(0) === 0 ? content.readUInt16BE(4) : content.readUInt32BE(4);
}

/**
 * Creates a reference "content describes" (ISO/IEC 14496-12, section 8.11.12); version 1 has ids of
 * four bytes.
 */
function description(from: number, to: number, version: number): Buffer {
  const idSize = version === 0 ? 2 : 4;
  const content = Buffer.alloc(2 * idSize + 2);
  content.writeUIntBE(from, 0, idSize);
  content.writeUInt16BE(1, idSize);
  content.writeUIntBE(to, idSize + 2, idSize);
  return isobmffBox('cdsc', content);
}
