import { isobmffBox, isobmffBoxes } from './isobmffBox.ts';

const XMP_TYPE = 'application/rdf+xml';

/** An entry of an `iinf` box (ISO/IEC 14496-12, section 8.11.6). */
export interface ItemInfo {
  readonly id: number;
  readonly isXmp: boolean;
  readonly raw: Buffer;
}

/** Reads what an `iinf` box contains. Throws `RangeError` where it ends too soon. */
export function readItemInfos(content: Buffer): readonly ItemInfo[] {
  const start = content.readUInt8(0) === 0 ? 6 : 8;
  return isobmffBoxes(content, start, content.length).map((box) => {
    const version = content.readUInt8(box.content);
    const idSize = version < 3 ? 2 : 4;
    const id = content.readUIntBE(box.content + 4, idSize);
    // Behind the id: an index of protection, the type, a name, and for `mime` what it is.
    const [, mimeType] = content.toString('latin1', box.content + 6 + idSize, box.end).split('\0');
    const isXmp = version >= 2 && isMime(content, box.content + 6 + idSize) && mimeType === XMP_TYPE;
    return { id, isXmp, raw: content.subarray(box.start, box.end) };
  });
}

/** What an `iinf` box with these entries contains. */
export function writeItemInfos(infos: readonly ItemInfo[]): Buffer {
  const head = Buffer.alloc(6);
  head.writeUInt16BE(infos.length, 4);
  return Buffer.concat([head, ...infos.map(({ raw }) => raw)]);
}

/** Throws `RangeError` where the id is too large for an entry of version 2. */
export function xmpItemInfo(id: number): ItemInfo {
  const head = Buffer.alloc(8);
  head.writeUInt8(2, 0);
  head.writeUInt16BE(id, 4);
  const raw = isobmffBox('infe', head, Buffer.from(`mime\0${XMP_TYPE}\0`, 'latin1'));
  return { id, isXmp: true, raw };
}

function isMime(content: Buffer, place: number): boolean {
  return content.toString('latin1', place, place + 4) === 'mime';
}
