import type { ReceivedFile } from './createByteMeter.ts';

const JPEG_END = Buffer.from([0xff, 0xd9]);
const GIF_END = 0x3b;

/**
 * Whether the file is whole, by its last bytes: a connection may break without an error. `unclear` where the format has
 * no end that can be recognised, or something else stands there.
 */
export function hasItsEnd(
  extension: string,
  { bytes, head, tail, hasToldLength }: Omit<ReceivedFile, 'sha256'>,
): 'there' | 'missing' | 'unclear' {
  switch (extension) {
    case 'png':
      return tail.includes('IEND') ? 'there' : 'unclear';
    case 'jpg':
      return tail.includes(JPEG_END) ? 'there' : 'unclear';
    case 'svg':
      return /(<\/svg|\/)\s*>\s*$/i.test(tail.toString('latin1')) ? 'there' : 'unclear';
    case 'gif':
      // A decoder takes one that ends after any of its frames.
      return tail.at(-1) === GIF_END ? 'there' : 'missing';
    case 'webp':
      return bytes >= head.readUInt32LE(4) + 8 ? 'there' : 'missing';
    default:
      return hasToldLength ? 'there' : 'unclear';
  }
}
