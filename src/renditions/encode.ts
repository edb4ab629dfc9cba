import type { OutputInfo, Sharp } from 'sharp';
import { messageOf } from '../base/text.ts';
import { importPackage } from '../disk/storageError.ts';
import { RenderError, RxposureError } from '../errors.ts';
import type { ProvenanceWriter } from '../ports.ts';
import type { RenditionFormat, RenditionSpec } from '../types.ts';
import { renditionLayers } from './layers.ts';
import type { Overlays } from './overlays.ts';

const WHITE = '#ffffff';
const TRANSPARENT = { r: 0, g: 0, b: 0, alpha: 0 };
/** Below this quality, images look broken. */
export const LEAST_QUALITY = 30;

/**
 * The encoders and their efforts. Measured on a 1024 px image: WebP at effort 2 takes 60 % of the
 * default's time for 6 % more bytes, AVIF at effort 2 a tenth for 1 % more; mozjpeg saves 20 % of
 * the bytes for a sixth more of the time; PNG with adaptive filters saves half of the bytes for a
 * fifth more of the time.
 */
const ENCODERS: Readonly<Record<RenditionFormat, (image: Sharp, spec: RenditionSpec) => Sharp>> = {
  jpeg: (image, { quality, progressive = true, chromaSubsampling = '4:2:0' }) =>
    // The options that `mozjpeg` stands for; with `mozjpeg` itself a JPEG cannot be baseline.
    image.jpeg({
      quality,
      chromaSubsampling,
      progressive,
      optimiseScans: progressive,
      trellisQuantisation: true,
      overshootDeringing: true,
      quantisationTable: 3,
    }),
  webp: (image, { quality, effort = 2, lossless = false }) => image.webp({ quality, effort, lossless }),
  avif: (image, { quality, effort = 2, lossless = false, chromaSubsampling = '4:4:4' }) =>
    image.avif({ quality, effort, lossless, chromaSubsampling }),
  png: (image, { quality, effort = 4, progressive = false, palette = false }) =>
    image.png({ progressive, ...(palette ? { palette, quality, effort } : { adaptiveFiltering: true }) }),
};

/** Memory that an encoder takes for each pixel; measured with the settings above. */
const ENCODER_BYTES: Readonly<Record<RenditionFormat, number>> = { jpeg: 9, webp: 12, avif: 45, png: 8 };
/** The same for lossless WebP, and for a palette. */
const LOSSLESS_BYTES = 45;
const PALETTE_BYTES = 16;
/** Each copy of the pixels, transparency included. */
const PIXEL_BYTES = 4;

/** Estimates the memory that making a rendition takes, besides the decoded original. */
export function encodingBytes(spec: RenditionSpec): number {
  const { format, widthPx, heightPx, lossless = false, palette = false } = spec;
  const hasLayers = spec.overlay !== undefined || spec.caption !== undefined;
  const copies = (hasLayers ? 3 : 0) + (spec.maxBytes === undefined ? 0 : 1);
  const isLossless = lossless && format === 'webp';
  const encoder = isLossless ? LOSSLESS_BYTES : palette ? PALETTE_BYTES : ENCODER_BYTES[format];
  return widthPx * heightPx * (encoder + copies * PIXEL_BYTES);
}

interface EncodeRenditionConfig {
  readonly overlays: Overlays;
  /** Applied to the encoded file before its size is checked. Default: no-op. */
  readonly embedProvenance?: ProvenanceWriter;
}

/** The bytes of a file, with its size in pixels and its format. */
interface EncodedRendition {
  readonly data: Buffer;
  readonly info: OutputInfo;
}

/**
 * Fits an image into the rendition's frame, draws caption and overlay on it, and encodes it; at a
 * lower quality if the file exceeds `maxBytes`. The area that `contain` leaves free is white in
 * JPEG and transparent in other formats, unless the rendition has a background.
 *
 * Rejects with `RenderError`: `ERR_RENDER_FAILED` if the encoder refuses or an overlay cannot be
 * read, `ERR_RENDITION_TOO_LARGE` if the file exceeds `maxBytes` even at the lowest quality.
 */
export async function encodeRendition(
  image: Sharp,
  spec: RenditionSpec,
  { overlays, embedProvenance = unchanged }: EncodeRenditionConfig,
): Promise<EncodedRendition> {
  const { maxBytes, quality: most } = spec;
  try {
    const finishedImage = await finished(fitted(image, spec), spec, overlays);
    const encode = (quality: number) => encoded(finishedImage(), { ...spec, quality }, embedProvenance);
    if (maxBytes === undefined) return await encode(most);
    let smallestBytes = Number.POSITIVE_INFINITY;
    const fits = ({ data }: EncodedRendition) => {
      smallestBytes = Math.min(smallestBytes, data.length);
      return data.length <= maxBytes;
    };
    const least = Math.min(LEAST_QUALITY, most);
    const best = await highestQuality(encode, fits, { least, most });
    if (best === null) throw tooLarge(spec, smallestBytes, least);
    return best;
  } catch (error) {
    throw error instanceof RxposureError ? error : failed(spec, error);
  }
}

const unchanged: ProvenanceWriter = async (bytes) => bytes;

/** Creates the complete file, provenance included, so that all of it counts towards `maxBytes`. */
async function encoded(
  image: Sharp,
  spec: RenditionSpec,
  embedProvenance: ProvenanceWriter,
): Promise<EncodedRendition> {
  const { data, info } = await ENCODERS[spec.format](image, spec).toBuffer({ resolveWithObject: true });
  return { data: await embedProvenance(data, spec.format), info };
}

function fitted(image: Sharp, spec: RenditionSpec): Sharp {
  const { widthPx: width, heightPx: height, fit, gravity = 'centre', sharpen } = spec;
  const { background = spec.format === 'jpeg' ? WHITE : undefined } = spec;
  const opaque = background === undefined ? image : image.flatten({ background });
  const resized = opaque.resize({
    width,
    height,
    fit,
    position: gravity,
    background: background ?? TRANSPARENT,
  });
  return sharpen === undefined ? resized : resized.sharpen({ sigma: sharpen });
}

/**
 * Returns a function that gives the image to encode, any number of times. Keeps its pixels if it is
 * needed more than once.
 */
async function finished(image: Sharp, spec: RenditionSpec, overlays: Overlays): Promise<() => Sharp> {
  const hasLayers = spec.overlay !== undefined || spec.caption !== undefined;
  if (!hasLayers && spec.maxBytes === undefined) return () => image;
  const fitting = await pixelsOf(image);
  if (!hasLayers) return fitting.copy;
  const { width, height, channels } = fitting.info;
  const layers = await renditionLayers(spec, width, height, overlays);
  const layered = fitting.copy().composite(layers);
  // Compositing adds an alpha channel to every image.
  const whole = channels === 3 ? layered.removeAlpha() : layered;
  return spec.maxBytes === undefined ? () => whole : (await pixelsOf(whole)).copy;
}

async function pixelsOf(image: Sharp): Promise<{ copy: () => Sharp; info: OutputInfo }> {
  const { default: sharp } = await importPackage('sharp', () => import('sharp'));
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const raw = { width, height, channels };
  return { copy: () => sharp(data, { raw, limitInputPixels: width * height }), info };
}

function tooLarge({ name, maxBytes }: RenditionSpec, bytes: number, quality: number): RenderError {
  return new RenderError(
    'ERR_RENDITION_TOO_LARGE',
    `Expected rendition ${name} to have at most ${maxBytes} bytes, got ${bytes} at quality ${quality}, the lowest`,
    {
      suggestion:
        'Allow more bytes, or choose a smaller size or a format that compresses better (webp, avif).',
    },
  );
}

function failed({ name, widthPx, heightPx, format }: RenditionSpec, error: unknown): RenderError {
  const reason = messageOf(error);
  return new RenderError(
    'ERR_RENDER_FAILED',
    `Cannot make rendition ${name} (${widthPx}x${heightPx} ${format}): ${reason}`,
    { suggestion: 'Choose another size or format for this rendition.', cause: error },
  );
}

/** The bounds of a search, both integers. */
interface QualityRange {
  readonly least: number;
  readonly most: number;
}

/**
 * Finds the highest quality whose result fits, by bisection: tries the highest first, which often
 * fits, and at most seven more between 1 and 100. Resolves with null if not even the lowest fits.
 * Assumes that a result that fits at one quality fits at all lower ones. Even if it does not, the
 * returned result fits.
 */
export async function highestQuality<T>(
  encode: (quality: number) => Promise<T>,
  fits: (encoded: T) => boolean,
  { least, most }: QualityRange,
): Promise<T | null> {
  const first = await encode(most);
  if (fits(first)) return first;
  let best: T | null = null;
  let fitting = least - 1;
  let tooHigh = most;
  while (tooHigh - fitting > 1) {
    const middle = Math.floor((fitting + tooHigh) / 2);
    const encoded = await encode(middle);
    if (fits(encoded)) [best, fitting] = [encoded, middle];
    else tooHigh = middle;
  }
  return best;
}
