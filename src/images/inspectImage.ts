import { isSvg } from '../base/pictures.ts';
import { type BytesReader, cut, damaged, withReader } from './formats/bytesReader.ts';
import { readGifFacts } from './formats/gif.ts';
import { checkFilm, checkStill, readHeifFacts } from './formats/heif.ts';
import type { ImageFacts } from './formats/imageFacts.ts';
import { readJpegFacts } from './formats/jpeg.ts';
import { pngSignature, readPngFacts } from './formats/png.ts';
import { isSvgMarkup, readMarkup, readSvgFacts } from './formats/svg.ts';
import { isTiff, readTiffFacts } from './formats/tiff.ts';
import { readWebpFacts } from './formats/webp.ts';

type FactsReader = (reader: BytesReader, toEnd: boolean) => Promise<ImageFacts | null>;

/** The formats that can be decoded here. */
const READERS: ReadonlyMap<string, FactsReader> = new Map<string, FactsReader>([
  ['png', readPngFacts],
  ['jpeg', readJpegFacts],
  ['gif', readGifFacts],
  ['webp', readWebpFacts],
  ['tif', readTiffFacts],
  ['avif', readHeifFacts],
  ['svg', readSvgFacts],
]);

/** Other files of the ISO base media file format, by their extensions. */
const FILMS = new Set(['mp4', 'm4v', 'm4a', 'mov', '3gp', '3g2', 'f4v']);
/** The same of still images. */
const STILLS = new Set(['heic', 'heif']);
/** Other files of RIFF, whose header has their length. */
const RIFFS = new Set(['wav', 'avi']);

const jpegStart = Buffer.from('ffd8ff', 'hex');

/** Enough to find the format of an image. */
const HEAD_BYTES = 4_100;

/**
 * Reads the facts about an image from its header, under any name: no pixel is decoded. An SVG,
 * which has no such header, is read to its end.
 *
 * Rejects with `StructureFault` if it is no image that can be decoded, or its header is broken;
 * with the system's error if the file cannot be read.
 */
export function inspectImage(path: string): Promise<InspectedImage> {
  return withReader(path, async (reader) => ({ ...(await readFacts(reader)), content: reader.content }));
}

/** An image whose header has been read. */
export interface InspectedImage extends ImageFacts {
  /** The file itself, if it is small; else null. */
  readonly content: Buffer | null;
}

/** Reads the facts about the image that a reader gives; see `inspectImage`. */
export async function readFacts(reader: BytesReader): Promise<ImageFacts> {
  const format =
    formatOf(await reader.readUpTo(0, HEAD_BYTES)) ?? ((await isSvgMarkup(reader)) ? 'svg' : null);
  const read = format === null ? undefined : READERS.get(format);
  const facts = read === undefined ? null : await withoutRangeErrors(read(reader, false));
  if (facts === null) throw damaged('it has an unsupported image format');
  return facts;
}

/** Returns the format of an image that can be decoded, by its first bytes; null for other files. */
export function formatOf(head: Buffer): string | null {
  if (head.subarray(0, pngSignature.length).equals(pngSignature)) return 'png';
  if (head.subarray(0, jpegStart.length).equals(jpegStart)) return 'jpeg';
  const text = head.toString('latin1', 0, 12);
  if (/^GIF8[79]a/.test(text)) return 'gif';
  if (/^RIFF[\s\S]{4}WEBP/.test(text)) return 'webp';
  if (/^[\s\S]{4}ftypavi[fs]/.test(text)) return 'avif';
  if (isTiff(head)) return 'tif';
  return isSvg(head) ? 'svg' : null;
}

/** The size of an image as it is stored, in pixels. */
export type ImageSize = Pick<ImageFacts, 'widthPx' | 'heightPx'>;

/**
 * Checks by the structure of a file of a format (`png`, `jpeg`, …, else its extension) that it is
 * whole: reads it to its end, piece by piece, and decodes nothing. Resolves with the size of an
 * image that can be decoded, null for other files.
 *
 * Rejects with `StructureFault`, or with the system's error if the file cannot be read.
 */
export async function readWhole(reader: BytesReader, format: string): Promise<ImageSize | null> {
  const read = READERS.get(format);
  if (read !== undefined) {
    const facts = await withoutRangeErrors(read(reader, true));
    return facts === null ? null : { widthPx: facts.widthPx, heightPx: facts.heightPx };
  }
  if (format === 'xml') await readMarkup(reader);
  if (FILMS.has(format)) await withoutRangeErrors(checkFilm(reader));
  if (STILLS.has(format)) await withoutRangeErrors(checkStill(reader));
  if (RIFFS.has(format)) await checkRiff(reader);
  return null;
}

/** A length that is not known when the header is written, as that of a stream. */
const UNKNOWN_LENGTH = 0xffffffff;

async function checkRiff(reader: BytesReader): Promise<void> {
  const head = await reader.read(0, 8);
  const length = head.readUInt32LE(4);
  const isKnown = head.toString('latin1', 0, 4) === 'RIFF' && length !== UNKNOWN_LENGTH;
  if (isKnown && length + 8 > reader.size) throw cut();
}

/** A number beyond the end of a part is a fault of the file. */
async function withoutRangeErrors<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof RangeError) throw damaged('a part of it does not fit');
    throw error;
  }
}
