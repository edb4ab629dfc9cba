import { type IsobmffBox, isobmffBox, isobmffBoxes } from './isobmffBox.ts';
import { readItemInfos, writeItemInfos, xmpItemInfo } from './itemInfos.ts';
import { type ItemLocation, readItemLocations, writeItemLocations } from './itemLocations.ts';

export interface XmpPlace {
  /** Of the packet, in the new file. */
  readonly offset: number;
  readonly length: number;
  /** By how much all that is behind the `meta` box moves. */
  readonly shift: number;
}

/**
 * The `meta` box of a picture (ISO/IEC 23008-12) with an XMP item that describes the primary one, in the place of the item that
 * is there; all other items as they are. Throws `RangeError` where a box that it needs is missing, or a number has no room.
 */
export function metaWithXmp(bytes: Buffer, meta: IsobmffBox, { offset, length, shift }: XmpPlace): Buffer {
  const parts = isobmffBoxes(bytes, meta.content + 4, meta.end);
  const contentOf = ({ content, end }: IsobmffBox) => bytes.subarray(content, end);
  const part = (wanted: string) => parts.find(({ type }) => type === wanted);
  const [infoBox, locationBox, primaryBox] = [part('iinf'), part('iloc'), part('pitm')];
  if (infoBox === undefined || locationBox === undefined || primaryBox === undefined) {
    throw new RangeError('Expected the boxes iinf, iloc and pitm');
  }
  const infos = readItemInfos(contentOf(infoBox));
  const { version, items } = readItemLocations(contentOf(locationBox));
  const there = infos.find(({ isXmp }) => isXmp);
  const id = there?.id ?? Math.max(0, ...infos.map((info) => info.id)) + 1;
  const own = { id, construction: 0, reference: 0, extents: [{ index: 0, offset, length }] };
  const others = items.filter((item) => item.id !== id).map((item) => moved(item, meta.end, shift));
  const rewritten = parts.map((box) => {
    if (box === infoBox && there === undefined) {
      return isobmffBox('iinf', writeItemInfos([...infos, xmpItemInfo(id)]));
    }
    if (box === locationBox) {
      return isobmffBox('iloc', writeItemLocations({ version, items: [...others, own] }));
    }
    if (box.type === 'iref' && there === undefined) {
      return isobmffBox(
        'iref',
        contentOf(box),
        description(id, primaryItem(contentOf(primaryBox)), bytes.readUInt8(box.content)),
      );
    }
    return bytes.subarray(box.start, box.end);
  });
  if (there === undefined && part('iref') === undefined) {
    rewritten.push(
      isobmffBox('iref', Buffer.alloc(4), description(id, primaryItem(contentOf(primaryBox)), 0)),
    );
  }
  return isobmffBox('meta', bytes.subarray(meta.content, meta.content + 4), ...rewritten);
}

/** What lies behind the box in this file moves with it. */
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

/** A reference "content describes" (ISO/IEC 14496-12, section 8.11.12); version 1 has ids of four bytes. */
function description(from: number, to: number, version: number): Buffer {
  const idSize = version === 0 ? 2 : 4;
  const content = Buffer.alloc(2 * idSize + 2);
  content.writeUIntBE(from, 0, idSize);
  content.writeUInt16BE(1, idSize);
  content.writeUIntBE(to, idSize + 2, idSize);
  return isobmffBox('cdsc', content);
}
