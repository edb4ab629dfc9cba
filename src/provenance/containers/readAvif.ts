import type { Container } from './Container.ts';
import { type IsobmffBox, isobmffBox, isobmffBoxes } from './isobmffBox.ts';
import { readItemInfos } from './itemInfos.ts';
import { type ItemLocation, readItemLocations } from './itemLocations.ts';
import { metaWithXmp } from './metaWithXmp.ts';

/** Of the `uuid` box that holds a C2PA manifest (C2PA Technical Specification, section A.5). */
const C2PA = Buffer.from('d8fec3d61b0e483c92975828877ec481', 'hex');

/**
 * An AVIF or another HEIF still, by its boxes (ISO/IEC 23008-12). XMP is an item of the type `mime` that describes the primary
 * item; its data goes behind the end of the file. Throws `RangeError` where it is none, or a moving picture.
 */
export function readAvif(bytes: Buffer): Container {
  const boxes = isobmffBoxes(bytes, 0, bytes.length);
  const meta = boxes.find(({ type }) => type === 'meta');
  if (meta === undefined || boxes[0]?.type !== 'ftyp') throw new RangeError('Expected an AVIF');
  if (boxes.some(({ type }) => type === 'moov')) throw new RangeError('Expected a still picture');
  const there = xmpLocation(bytes, meta);
  return {
    xmp: there === null ? null : dataOf(there, bytes),
    signedBy: boxes.some((box) => isManifest(box, bytes)) ? 'others' : 'nobody',
    unsigned: () => bytes,
    withXmp: (packet) => {
      const last = boxes.at(-1);
      // An earlier packet of ours has the last box for itself.
      const rest = bytes.subarray(
        meta.end,
        there !== null && isOnlyIn(last, there) ? last?.start : bytes.length,
      );
      const head = bytes.subarray(0, meta.start);
      // How long the new box is does not depend on what it says.
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

/** Throws `RangeError` where it is anywhere but in the file as such. */
function dataOf({ construction, reference, extents }: ItemLocation, bytes: Buffer): Buffer {
  if (construction !== 0 || reference !== 0) throw new RangeError('Expected XMP in the file itself');
  return Buffer.concat(extents.map(({ offset, length }) => bytes.subarray(offset, offset + length)));
}

function isOnlyIn(box: IsobmffBox | undefined, { extents }: ItemLocation): boolean {
  const [extent] = extents;
  if (box?.type !== 'mdat' || extent === undefined || extents.length > 1) return false;
  return extent.offset === box.content && extent.offset + extent.length === box.end;
}

/** A last box that went on to the end of the file has to say its size now. */
function withSizes(rest: Buffer, start: number, boxes: readonly IsobmffBox[]): Buffer {
  const last = boxes.at(-1);
  if (last === undefined || last.start < start || last.start >= start + rest.length) return rest;
  if (rest.readUInt32BE(last.start - start) !== 0) return rest;
  const sized = Buffer.from(rest);
  sized.writeUInt32BE(last.end - last.start, last.start - start);
  return sized;
}
