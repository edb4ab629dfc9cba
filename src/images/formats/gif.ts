import { type BytesReader, cut, damaged, windowBytes } from './bytesReader.ts';
import type { ImageFacts } from './imageFacts.ts';

const EXTENSION = 0x21;
const IMAGE = 0x2c;
const TRAILER = 0x3b;

/** Measured with libnsgif: canvas, the frame before, and rows. */
const BYTES_PER_PIXEL = 6;

/**
 * Reads a GIF (GIF89a specification): its screen and first frame, and if `toEnd` is set all blocks
 * up to the trailer. Bytes after it do not count.
 */
export async function readGifFacts(reader: BytesReader, toEnd: boolean): Promise<ImageFacts> {
  const head = await reader.read(0, 13);
  const screen = { widthPx: head.readUInt16LE(6), heightPx: head.readUInt16LE(8) };
  // libnsgif makes room for frames beyond the screen.
  let { widthPx, heightPx } = screen;
  let frames = 0;
  for await (const frame of framesOf(reader, 13 + tableBytes(head.readUInt8(10)))) {
    widthPx = Math.max(widthPx, frame.readUInt16LE(1) + frame.readUInt16LE(5));
    heightPx = Math.max(heightPx, frame.readUInt16LE(3) + frame.readUInt16LE(7));
    frames += 1;
    if (!toEnd) break;
  }
  if (frames === 0) throw damaged('it has no image');
  if (widthPx === 0 || heightPx === 0) throw damaged('it has no size');
  const bytes = widthPx * heightPx * BYTES_PER_PIXEL + reader.size;
  const size = screen.widthPx === 0 || screen.heightPx === 0 ? { widthPx, heightPx } : screen;
  return { format: 'gif', ...size, memory: { full: bytes, shrunk: bytes }, isUnbounded: false };
}

/**
 * The most pixels that a byte of LZW stands for: a code of 12 bits for a string of some four
 * thousand.
 */
const MOST_UNPACKED = 2_800;

/** Yields the header of each frame; ends with the trailer. */
async function* framesOf(reader: BytesReader, from: number): AsyncGenerator<Buffer> {
  let isBegun = false;
  for (let at = from; ; ) {
    const kind = (await reader.read(at, 1)).readUInt8(0);
    if (kind === TRAILER) return;
    if (kind === IMAGE) {
      const frame = await reader.read(at, 10);
      isBegun = true;
      yield frame;
      at = await skipFrame(reader, at, frame);
    } else if (kind === EXTENSION) {
      await reader.read(at, 2);
      at = await skipBlocks(reader, at + 2);
      // Some programs end the data of a frame twice.
    } else if (kind === 0 && isBegun) at += 1;
    else throw damaged('a block has an unknown kind');
  }
}

async function skipFrame(reader: BytesReader, at: number, frame: Buffer): Promise<number> {
  const codes = at + 10 + tableBytes(frame.readUInt8(9));
  const leastBits = (await reader.read(codes, 1)).readUInt8(0);
  if (leastBits < 1 || leastBits > 11) throw damaged('a frame has no image data');
  const end = await skipBlocks(reader, codes + 1);
  if (frame.readUInt16LE(5) * frame.readUInt16LE(7) > (end - codes) * MOST_UNPACKED)
    throw damaged('its image data are too short for its size');
  return end;
}

/** Returns the size of a colour table, which three bits of its flags state. */
function tableBytes(flags: number): number {
  return (flags & 0x80) === 0 ? 0 : 3 << ((flags & 7) + 1);
}

/** Returns the offset after a chain of sub-blocks; each begins with its length, the last is 0. */
async function skipBlocks(reader: BytesReader, from: number): Promise<number> {
  for (let start = from; ; ) {
    const bytes = await reader.readUpTo(start, windowBytes);
    if (bytes.length === 0) throw cut();
    let at = 0;
    while (at < bytes.length) {
      const length = bytes[at] ?? 0;
      if (length === 0) return start + at + 1;
      at += 1 + length;
    }
    start += at;
  }
}
