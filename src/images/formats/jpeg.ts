import { type BytesReader, cut, damaged, windowBytes } from './bytesReader.ts';
import { type ImageFacts, rowsMemory } from './imageFacts.ts';

const APP2 = 0xe2;
const SOS = 0xda;
const EOI = 0xd9;

/** libvips stops after a hundred. */
const MOST_SCANS = 200;

interface Frame {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly isProgressive: boolean;
  /** Bits that each block of 8 x 8 samples takes at least; 0 if that is unknown. */
  readonly bitsPerBlock: number;
  /** The sampling factors of each component. */
  readonly sampling: readonly (readonly [across: number, down: number])[];
}

/** The segments of a JPEG that have been read. */
interface Progress {
  frame: Frame | null;
  scans: number;
  /** Bytes of all scans. */
  dataBytes: number;
  /** True if a decoder keeps the coefficients of the whole image. */
  isBuffered: boolean;
  /** True if there are further pictures in the file, a gain map for example. */
  hasPictures: boolean;
}

/**
 * Reads a JPEG (ITU-T T.81, annex B): its segments up to the first scan, and if `toEnd` is set all
 * scans up to the end marker. Bytes after it do not count.
 */
export async function readJpegFacts(reader: BytesReader, toEnd: boolean): Promise<ImageFacts> {
  const progress: Progress = { frame: null, scans: 0, dataBytes: 0, isBuffered: false, hasPictures: false };
  let segment = await readSegment(reader, 2);
  while (segment.marker !== EOI && (toEnd || progress.scans === 0)) {
    const next = await takeSegment(reader, segment, { progress, toEnd });
    if (toEnd || progress.scans === 0) segment = await readSegment(reader, next);
  }
  const { frame, scans, dataBytes, isBuffered, hasPictures } = progress;
  if (frame === null || scans === 0) throw damaged('it has no image');
  if (toEnd && leastBytes(frame) > dataBytes) throw damaged('its image data are too short for its size');
  return factsOf(frame, { isBuffered, isUnbounded: hasPictures || scans > MOST_SCANS });
}

/** Takes a segment, and the data of a scan that follow it. Resolves with the offset after them. */
async function takeSegment(
  reader: BytesReader,
  { marker, content, end }: Segment,
  { progress, toEnd }: { readonly progress: Progress; readonly toEnd: boolean },
): Promise<number> {
  if (marker === SOS) {
    if (progress.frame === null) throw damaged('it has a scan before its frame');
    const components = (await reader.read(content, 1)).readUInt8(0);
    progress.scans += 1;
    progress.isBuffered ||= progress.frame.isProgressive || components < progress.frame.sampling.length;
    const next = toEnd ? await findMarker(reader, end) : end;
    progress.dataBytes += next - end;
    return next;
  }
  if (isFrame(marker)) {
    if (progress.frame !== null) throw damaged('it has two frames');
    progress.frame = readFrame(marker, await reader.read(content, end - content));
  }
  if (marker === APP2) progress.hasPictures ||= await isPictureIndex(reader, content);
  return end;
}

interface Segment {
  readonly marker: number;
  /** Offset of its content, behind its length. */
  readonly content: number;
  readonly end: number;
}

async function readSegment(reader: BytesReader, start: number): Promise<Segment> {
  let at = start;
  let [first, marker] = await reader.read(at, 2);
  if (first !== 0xff) throw damaged('a marker is missing');
  // Any number of fill bytes may precede a marker.
  while (marker === 0xff) {
    at += 1;
    [, marker] = await reader.read(at, 2);
  }
  if (marker === undefined || marker === 0) throw damaged('a marker is missing');
  if (marker === EOI) return { marker, content: at + 2, end: at + 2 };
  const end = at + 2 + (await reader.read(at + 2, 2)).readUInt16BE(0);
  if (end < at + 4) throw damaged('a segment has no length');
  if (end > reader.size) throw cut();
  return { marker, content: at + 4, end };
}

/** Returns true for SOF0 to SOF15, without the three markers between them that begin no frame. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function readFrame(marker: number, bytes: Buffer): Frame {
  const count = bytes[5] ?? 0;
  if (count === 0 || bytes.length < 6 + 3 * count) throw damaged('its frame is incomplete');
  const [heightPx, widthPx] = [bytes.readUInt16BE(1), bytes.readUInt16BE(3)];
  if (widthPx === 0 || heightPx === 0) throw damaged('it has no size');
  const sampling = Array.from({ length: count }, (_, component) => {
    const factors = bytes[7 + 3 * component] ?? 0;
    return [factors >> 4, factors & 15] as const;
  });
  if (sampling.some(([across, down]) => across < 1 || across > 4 || down < 1 || down > 4))
    throw damaged('its frame is invalid');
  const isProgressive = (marker & 3) === 2;
  const bitsPerBlock = marker <= HUFFMAN_PROGRESSIVE ? (isProgressive ? 1 : 2) : 0;
  return { widthPx, heightPx, isProgressive, bitsPerBlock, sampling };
}

/** Frames up to this one are coded by blocks, each with a Huffman code or two. */
const HUFFMAN_PROGRESSIVE = 0xc2;

/** Returns the bytes that the data of a frame take at least. */
function leastBytes({ widthPx, heightPx, bitsPerBlock, sampling }: Frame): number {
  const [across, down] = mostSampling(sampling);
  const blocks = sampling.map(
    ([h, v]) => Math.floor((widthPx * h) / across / 8) * Math.floor((heightPx * v) / down / 8),
  );
  return (blocks.reduce((sum, count) => sum + count, 0) * bitsPerBlock) / 8;
}

function mostSampling(sampling: Frame['sampling']): readonly [across: number, down: number] {
  return [Math.max(...sampling.map(([h]) => h)), Math.max(...sampling.map(([, v]) => v))];
}

/** Returns true for the index of further pictures in the file (CIPA DC-007), gain maps included. */
async function isPictureIndex(reader: BytesReader, content: number): Promise<boolean> {
  return (await reader.readUpTo(content, 4)).toString('latin1') === 'MPF\0';
}

/** Finds the marker that ends a scan: in its data, 0xFF is followed by zero or a restart. */
async function findMarker(reader: BytesReader, from: number): Promise<number> {
  for (let start = from; ; ) {
    const bytes = await reader.readUpTo(start, windowBytes);
    if (bytes.length < 2) throw cut();
    const found = markerIn(bytes);
    if (found >= 0) return start + found;
    // The last byte may be the first half of a marker.
    start += bytes.length - 1;
  }
}

/** Returns the offset of the first marker in a part of a scan; -1 if it has none. */
function markerIn(bytes: Buffer): number {
  let at = bytes.indexOf(0xff);
  while (at >= 0 && at < bytes.length - 1) {
    const next = bytes[at + 1] ?? 0;
    const isData = next === 0 || next === 0xff || (next >= 0xd0 && next <= 0xd7);
    if (!isData) return at;
    at = bytes.indexOf(0xff, next === 0xff ? at + 1 : at + 2);
  }
  return -1;
}

function factsOf(
  { widthPx, heightPx, sampling }: Frame,
  { isBuffered, isUnbounded }: { isBuffered: boolean; isUnbounded: boolean },
): ImageFacts {
  const [across, down] = mostSampling(sampling);
  // Two bytes for each coefficient of the whole image, until its last scan has come.
  const coefficients = sampling.reduce(
    (sum, [h, v]) => sum + (2 * h * v * widthPx * heightPx) / (across * down),
    0,
  );
  const bytes = (isBuffered ? coefficients : 0) + rowsMemory(widthPx, heightPx, Math.max(3, sampling.length));
  return { format: 'jpeg', widthPx, heightPx, memory: { full: bytes, shrunk: bytes }, isUnbounded };
}
