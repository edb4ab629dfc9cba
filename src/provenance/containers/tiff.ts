import type { Container } from './container.ts';

const XMP_TAG = 700;
const BYTE = 1;
const ENTRY_BYTES = 12;

/**
 * Reads a TIFF by the directory of its first image (TIFF 6.0, section 2), with XMP in tag 700.
 * Nothing in the file moves: the packet and a new directory are appended. Throws `RangeError` if
 * the file is no TIFF, or a BigTIFF.
 */
export function readTiff(bytes: Buffer): Container {
  const order = bytes.toString('latin1', 0, 2);
  const isLittle = order === 'II';
  if (!isLittle && order !== 'MM') throw new RangeError('Expected a TIFF');
  const uint16 = (at: number) => (isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const uint32 = (at: number) => (isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  if (uint16(2) !== 42) throw new RangeError('Expected a TIFF that is no BigTIFF');
  const directory = uint32(4);
  const count = uint16(directory);
  const entries = Array.from({ length: count }, (_, n) => directory + 2 + n * ENTRY_BYTES);
  const next = uint32(directory + 2 + count * ENTRY_BYTES);
  const found = entries.find((at) => uint16(at) === XMP_TAG);
  return {
    xmp:
      found === undefined ? null : bytes.subarray(uint32(found + 8), uint32(found + 8) + uint32(found + 4)),
    signedBy: 'none',
    unsigned: () => bytes,
    withXmp: (packet) => {
      const padding = Buffer.alloc(bytes.length % 2);
      const packetAt = bytes.length + padding.length;
      const raw = entries
        .filter((at) => uint16(at) !== XMP_TAG)
        .map((at) => ({ tag: uint16(at), raw: bytes.subarray(at, at + ENTRY_BYTES) }));
      const put16 = (value: number) => number(value, 2, isLittle);
      const put32 = (value: number) => number(value, 4, isLittle);
      const own = Buffer.concat([put16(XMP_TAG), put16(BYTE), put32(packet.length), put32(packetAt)]);
      raw.push({ tag: XMP_TAG, raw: own });
      const sorted = raw.toSorted((a, b) => a.tag - b.tag).map((entry) => entry.raw);
      const body = Buffer.concat([packet, Buffer.alloc(packet.length % 2)]);
      return Buffer.concat([
        bytes.subarray(0, 4),
        put32(packetAt + body.length),
        bytes.subarray(8),
        padding,
        body,
        put16(sorted.length),
        ...sorted,
        put32(next),
      ]);
    },
  };
}

function number(value: number, byteLength: 2 | 4, isLittle: boolean): Buffer {
  const bytes = Buffer.alloc(byteLength);
  if (isLittle) bytes.writeUIntLE(value, 0, byteLength);
  else bytes.writeUIntBE(value, 0, byteLength);
  return bytes;
}
