import { type BytesReader, cut, damaged, windowBytes } from './bytesReader.ts';
import { type ImageFacts, rowsMemory } from './imageFacts.ts';

/** Bytes of a value by its type (TIFF 6.0, section 2; BigTIFF has 16 to 18). */
const TYPE_BYTES: Readonly<Record<number, number>> = {
  ...{ 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4 },
  ...{ 16: 8, 17: 8, 18: 8 },
};

const TAGS = {
  ...{ width: 256, height: 257, bits: 258, stripOffsets: 273, samples: 277, rows: 278, stripBytes: 279 },
  ...{ tileWidth: 322, tileHeight: 323, tileOffsets: 324, tileBytes: 325 },
} as const;

/** Tags that point to further directories: sub-images, Exif, GPS. */
const DIRECTORIES: readonly number[] = [330, 34_665, 34_853];

/** More directories are no image. */
const MOST_DIRECTORIES = 1_000;

/** Values read at a time. */
const SOME_VALUES = 8_192;

/** Reads numbers in the byte order of a file, and with the width of its offsets. */
interface Numbers {
  readonly isBig: boolean;
  uint16(bytes: Buffer, at: number): number;
  uint32(bytes: Buffer, at: number): number;
  /** An offset, or a count of values: 4 bytes, 8 in a BigTIFF. */
  offset(bytes: Buffer, at: number): number;
}

/** A field of a directory. */
interface Entry {
  readonly tag: number;
  readonly type: number;
  readonly count: number;
  /** Offset of its first value. */
  readonly at: number;
}

interface Directory {
  readonly entries: ReadonlyMap<number, Entry>;
  /** Offset of the next directory; 0: none. */
  readonly next: number;
}

/** Returns true for the first four bytes of a TIFF or BigTIFF. */
export function isTiff(head: Uint8Array): boolean {
  const start = Buffer.from(head.subarray(0, 4)).toString('latin1');
  return ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].includes(start);
}

/**
 * Reads a TIFF: its first directory, at any offset, and if `toEnd` is set all directories and the
 * extents of all values, strips and tiles, which must lie within the file.
 */
export async function readTiffFacts(reader: BytesReader, toEnd: boolean): Promise<ImageFacts> {
  const head = await reader.read(0, 8);
  const numbers = numbersOf(head);
  const first = numbers.isBig ? numbers.offset(await reader.read(8, 8), 0) : numbers.uint32(head, 4);
  const directory = await readDirectory(reader, first, numbers);
  const facts = await factsOf(reader, directory, numbers);
  if (toEnd) await checkDirectories(reader, first, numbers);
  return facts;
}

function numbersOf(head: Buffer): Numbers {
  const isLittle = head.toString('latin1', 0, 2) === 'II';
  const uint16: Numbers['uint16'] = (bytes, at) =>
    isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
  const uint32: Numbers['uint32'] = (bytes, at) =>
    isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
  const isBig = uint16(head, 2) === 43;
  const offset: Numbers['offset'] = (bytes, at) => {
    if (!isBig) return uint32(bytes, at);
    return Number(isLittle ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at));
  };
  return { isBig, uint16, uint32, offset };
}

async function readDirectory(reader: BytesReader, start: number, numbers: Numbers): Promise<Directory> {
  const { isBig, uint16, uint32, offset } = numbers;
  const [countBytes, entryBytes, offsetBytes] = isBig ? [8, 20, 8] : [2, 12, 4];
  if (start < 8) throw damaged('it has no directory');
  const head = await reader.read(start, countBytes);
  const count = isBig ? offset(head, 0) : uint16(head, 0);
  if (count === 0 || count > 0xffff) throw damaged('a directory has no fields');
  const entries = new Map<number, Entry>();
  for (let n = 0; n < count; n += 1) {
    const from = start + countBytes + n * entryBytes;
    const bytes = await reader.read(from, entryBytes);
    const [tag, type] = [uint16(bytes, 0), uint16(bytes, 2)];
    const values = isBig ? offset(bytes, 4) : uint32(bytes, 4);
    const length = values * (TYPE_BYTES[type] ?? 0);
    const field = entryBytes - offsetBytes;
    const at = length <= offsetBytes ? from + field : offset(bytes, field);
    if (at + length > reader.size) throw cut();
    entries.set(tag, { tag, type, count: values, at });
  }
  const next = await reader.read(start + countBytes + count * entryBytes, offsetBytes);
  return { entries, next: offset(next, 0) };
}

/** Reads the values of a field, some at a time. */
async function* valuesOf(
  reader: BytesReader,
  entry: Entry | undefined,
  numbers: Numbers,
): AsyncGenerator<readonly number[]> {
  if (entry === undefined) return;
  const size = TYPE_BYTES[entry.type] ?? 0;
  if (![1, 2, 4, 8].includes(size)) throw damaged('a field has no numbers');
  const read = (bytes: Buffer, at: number): number => {
    if (size === 1) return bytes.readUInt8(at);
    if (size === 2) return numbers.uint16(bytes, at);
    return size === 4 ? numbers.uint32(bytes, at) : numbers.offset(bytes, at);
  };
  const most = Math.min(SOME_VALUES, windowBytes / size);
  for (let done = 0; done < entry.count; done += most) {
    const count = Math.min(most, entry.count - done);
    const bytes = await reader.read(entry.at + done * size, count * size);
    yield Array.from({ length: count }, (_, n) => read(bytes, n * size));
  }
}

async function factsOf(reader: BytesReader, { entries }: Directory, numbers: Numbers): Promise<ImageFacts> {
  const one = async (tag: number, missing: number): Promise<number> => {
    for await (const [value = missing] of valuesOf(reader, entries.get(tag), numbers)) return value;
    return missing;
  };
  const [widthPx, heightPx] = [await one(TAGS.width, 0), await one(TAGS.height, 0)];
  if (widthPx === 0 || heightPx === 0) throw damaged('it has no size');
  const samples = await one(TAGS.samples, 1);
  const bytesPerPixel = Math.max(1, (samples * (await one(TAGS.bits, 1))) / 8);
  const stripPx = widthPx * Math.min(heightPx, await one(TAGS.rows, heightPx));
  const tileHeight = Math.min(heightPx, await one(TAGS.tileHeight, heightPx));
  const pieces = entries.has(TAGS.tileOffsets)
    ? Math.max(widthPx, await one(TAGS.tileWidth, widthPx)) * tileHeight
    : stripPx;
  // A strip, or a row of tiles, as it is stored and as it is decoded.
  const bytes = rowsMemory(widthPx, heightPx, bytesPerPixel) + 2 * pieces * bytesPerPixel;
  return { format: 'tif', widthPx, heightPx, memory: { full: bytes, shrunk: bytes }, isUnbounded: false };
}

/** Checks a directory, those that it points to, and those that follow. */
async function checkDirectories(reader: BytesReader, first: number, numbers: Numbers): Promise<void> {
  const seen = new Set<number>();
  const open = [first];
  for (let start = open.pop(); start !== undefined; start = open.pop()) {
    if (start === 0 || seen.has(start)) continue;
    if (seen.size === MOST_DIRECTORIES) throw damaged('it has too many directories');
    seen.add(start);
    const { entries, next } = await readDirectory(reader, start, numbers);
    open.push(next);
    for (const tag of DIRECTORIES) {
      for await (const starts of valuesOf(reader, entries.get(tag), numbers)) {
        open.push(...starts.slice(0, MOST_DIRECTORIES));
      }
    }
    const { stripOffsets, stripBytes, tileOffsets, tileBytes } = TAGS;
    await checkExtents(reader, entries.get(stripOffsets), entries.get(stripBytes), numbers);
    await checkExtents(reader, entries.get(tileOffsets), entries.get(tileBytes), numbers);
  }
}

async function checkExtents(
  reader: BytesReader,
  offsets: Entry | undefined,
  lengths: Entry | undefined,
  numbers: Numbers,
): Promise<void> {
  if (offsets === undefined) return;
  const count = Math.min(offsets.count, lengths?.count ?? offsets.count);
  const some = (entry: Entry, from: number): Entry => ({
    ...entry,
    at: entry.at + from * (TYPE_BYTES[entry.type] ?? 0),
    count: Math.min(SOME_VALUES, count - from),
  });
  for (let from = 0; from < count; from += SOME_VALUES) {
    for await (const starts of valuesOf(reader, some(offsets, from), numbers)) {
      const sizes: number[] = [];
      if (lengths !== undefined)
        for await (const values of valuesOf(reader, some(lengths, from), numbers)) sizes.push(...values);
      if (starts.some((start, n) => start + (sizes[n] ?? 0) > reader.size)) throw cut();
    }
  }
}
