import { readFile } from 'node:fs/promises';
import type { Sharp, SharpOptions } from 'sharp';
import { messageOf } from '../base/text.ts';
import { importPackage, toStorageError } from '../disk/storageError.ts';
import { RenderError, RxposureError } from '../errors.ts';
import type { ImageFile, RenditionSpec } from '../types.ts';

/** 268 megapixels, libvips' own idea of the largest picture that is no attack. */
const MAX_INPUT_PIXELS = 0x3fff * 0x3fff;

const DECODE_OPTIONS: SharpOptions = {
  autoOrient: true,
  limitInputPixels: MAX_INPUT_PIXELS,
  // A picture cut short is an error; an odd colour profile is not.
  failOn: 'error',
};

/** The largest drawing that is made of an SVG, which may claim any size: 4096 x 4096. */
const MAX_DRAWN_PIXELS = 4096 * 4096;
/** Of a drawing at its own size. */
const OWN_DENSITY = 72;

/** An original as uncompressed sRGB pixels: each call begins one more rendition from them. */
type DecodedOriginal = () => Sharp;

/**
 * Decodes an original once for all its renditions: upright, sRGB, 8 bits a channel. One that is at least twice as large
 * as the largest rendition is shrunk while it is decoded, which saves both time and memory. An SVG is drawn as large as the
 * renditions need it, from its bytes alone: what it refers to elsewhere is not fetched, and scripts are nothing but text.
 *
 * Rejects with `RenderError` (`ERR_UNDECODABLE`) where it is no whole picture, `StorageError` where it cannot be read.
 */
export async function decodeOriginal(
  original: ImageFile,
  specs: readonly RenditionSpec[],
): Promise<DecodedOriginal> {
  const { path, format } = original;
  // libvips takes what stands in brackets at the end of a name for options.
  if (format === 'svg' || path.endsWith(']')) return decodeBytes(original, specs);
  // Sharp reads a file for less than Node does. Where it cannot, the bytes tell a bad disk from a bad picture.
  return decode(path, original, specs).catch(() => decodeBytes(original, specs));
}

async function decodeBytes(original: ImageFile, specs: readonly RenditionSpec[]): Promise<DecodedOriginal> {
  const bytes = await readFile(original.path).catch((error: unknown) => {
    throw toStorageError(error, original.path);
  });
  return decode(bytes, original, specs).catch((error: unknown) => {
    throw error instanceof RxposureError ? error : undecodable(original, error);
  });
}

async function decode(
  input: string | Buffer,
  original: ImageFile,
  specs: readonly RenditionSpec[],
): Promise<DecodedOriginal> {
  const { default: sharp } = await importPackage(import('sharp'), 'sharp');
  const decoder = await openDecoder(input, original, specs);
  const { data, info } = await decoder.toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  return () => sharp(data, { raw: { width, height, channels }, limitInputPixels: MAX_INPUT_PIXELS });
}

async function openDecoder(
  input: string | Buffer,
  original: ImageFile,
  specs: readonly RenditionSpec[],
): Promise<Sharp> {
  const { default: sharp } = await importPackage(import('sharp'), 'sharp');
  const isDrawing = original.format === 'svg';
  const decoder = sharp(input, DECODE_OPTIONS);
  if (!isDrawing && !mayBeShrunk(original, specs)) return decoder;
  const { width, height } = (await decoder.metadata()).autoOrient;
  const scale = neededScale(width, height, specs);
  if (isDrawing)
    return sharp(input, { ...DECODE_OPTIONS, density: drawingDensity({ width, height }, scale) });
  return scale <= 0.5 ? decoder.resize({ width: Math.ceil(width * scale) }) : decoder;
}

/** Its size in pixels does not say whether it lies on its side. */
function mayBeShrunk({ widthPx, heightPx }: ImageFile, specs: readonly RenditionSpec[]): boolean {
  if (widthPx === null || heightPx === null) return true;
  return Math.min(neededScale(widthPx, heightPx, specs), neededScale(heightPx, widthPx, specs)) <= 0.5;
}

/** How large the picture must be kept, 0…1 and beyond, so that no rendition has to be enlarged because of it. */
function neededScale(widthPx: number, heightPx: number, specs: readonly RenditionSpec[]): number {
  return Math.max(...specs.map((spec) => Math.max(spec.widthPx / widthPx, spec.heightPx / heightPx)));
}

function drawingDensity({ width, height }: { width: number; height: number }, scale: number): number {
  const largest = Math.sqrt(MAX_DRAWN_PIXELS / (width * height));
  return Math.max(1, OWN_DENSITY * Math.min(scale, largest));
}

function undecodable(original: ImageFile, error: unknown): RenderError {
  const reason = messageOf(error);
  const message = `Expected a whole ${original.format} picture in ${original.path}, got: ${reason}`;
  return new RenderError('ERR_UNDECODABLE', message, {
    suggestion: 'The original is kept: open it to see what the model made.',
    cause: error,
  });
}
