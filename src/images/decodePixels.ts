import { readFile } from 'node:fs/promises';
import type { Sharp, SharpOptions } from 'sharp';
import { messageOf } from '../base/text.ts';
import { importPackage } from '../disk/storageError.ts';
import { withoutPreamble } from './formats/svg.ts';

/** Pixels as sharp takes and gives them: 8 bits a channel, row by row. */
export interface RawPixels {
  readonly data: Buffer;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly channels: 1 | 2 | 3 | 4;
}

/** The sizes that are made of an image. */
export interface WantedSizes {
  /** `cover`: no side may be smaller than that of a box; `inside`: none needs to be larger. */
  readonly fit: 'cover' | 'inside';
  readonly boxes: readonly { readonly widthPx: number; readonly heightPx: number }[];
}

/** How an image is decoded. */
export interface Decoding {
  /** As in `ImageFile`. */
  readonly format: string;
  readonly wanted: WantedSizes;
  /** The size that its header states: an image with more pixels is refused. */
  readonly widthPx: number;
  readonly heightPx: number;
  /** The scale, 0…1, up to which the image is shrunk while it is decoded. */
  readonly shrinksUpTo: number;
}

/** The largest size at which an SVG is drawn, as it may claim any: 4096 x 4096. */
const MAX_DRAWN_PIXELS = 4096 * 4096;
/** Dots per inch at which an SVG has its own size, and the most that sharp takes. */
const OWN_DENSITY = 72;
const MOST_DENSITY = 100_000;

/** Returns the smallest scale, 0…1 and beyond, at which no wanted size has to enlarge the image. */
export function neededScale(widthPx: number, heightPx: number, { fit, boxes }: WantedSizes): number {
  const side = fit === 'cover' ? Math.max : Math.min;
  return Math.max(0, ...boxes.map((box) => side(box.widthPx / widthPx, box.heightPx / heightPx)));
}

/** Returns the pixels of an SVG that is drawn at a scale. */
export function drawnPixels(widthPx: number, heightPx: number, scale: number): number {
  return Math.min(MAX_DRAWN_PIXELS, widthPx * heightPx * scale * scale);
}

/** Returns the options for a decoder: upright, within the size that the header states. */
export function decodeOptions({
  format,
  widthPx,
  heightPx,
}: Pick<Decoding, 'format' | 'widthPx' | 'heightPx'>): SharpOptions {
  return {
    autoOrient: true,
    // The size of a drawing does not decide the size at which it is drawn.
    limitInputPixels: format === 'svg' ? 2 * MAX_DRAWN_PIXELS : widthPx * heightPx,
    // A truncated image is an error; an odd colour profile is not.
    failOn: 'error',
  };
}

/**
 * Decodes an image: upright, sRGB, 8 bits a channel. Shrinks one that is much larger than all
 * wanted sizes while decoding it, which saves both time and memory. Draws an SVG as large as it is
 * needed, from its bytes alone: external references are not fetched, and scripts do not run.
 *
 * Rejects with sharp's error if the input is no complete image.
 */
export async function decodePixels(input: string | Buffer, decoding: Decoding): Promise<RawPixels> {
  const { data, info } = await decodeWhole(decodeOptions(decoding), decoding.format, async (options) => {
    const decoder = await openDecoder(input, options, decoding);
    return decoder.toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  });
  const { width, height, channels } = info;
  return { data, widthPx: width, heightPx: height, channels };
}

/** Warnings of libjpeg which mean that pixels are missing. */
const MISSING_DATA = /premature end of data segment|bad Huffman code/i;

/** A warning or an error of libjpeg by its name. */
const NAMED = /^VipsJpeg: /m;
/** The message if the warning itself was lost. */
const UNNAMED = /Warning treated as error due to failOn setting|error in tile/;
/**
 * Half of the warnings are lost if much is decoded at a time: libvips has one list for all threads.
 * For the same reason a warning may be that of another image.
 */
const MOST_TRIES = 24;
/** Tries with a harmless warning after which it is believed. */
const ENOUGH_TRIES = 2;

/**
 * Runs a task that decodes an image with these options, so that it fails if a part of the image is
 * missing. libjpeg makes up missing pixels before the end marker, and warns; it also warns about
 * other faults, such as odd bytes between segments, and then the task is run again without heeding
 * them.
 */
export async function decodeWhole<T>(
  options: SharpOptions,
  format: string,
  decode: (options: SharpOptions) => Promise<T>,
): Promise<T> {
  if (format !== 'jpeg') return decode(options);
  let harmless = 0;
  for (let tries = 1; ; tries += 1) {
    try {
      return await decode({ ...options, failOn: 'warning' });
    } catch (error) {
      const message = messageOf(error);
      if (MISSING_DATA.test(message)) throw error;
      const isUnnamed = UNNAMED.test(message) && !NAMED.test(message);
      if (!isUnnamed) harmless += 1;
      if (harmless === ENOUGH_TRIES || tries === MOST_TRIES) return decode(options);
    }
  }
}

async function openDecoder(
  input: string | Buffer,
  options: SharpOptions,
  decoding: Decoding,
): Promise<Sharp> {
  const { default: sharp } = await importPackage('sharp', () => import('sharp'));
  const { format, widthPx, heightPx, wanted, shrinksUpTo } = decoding;
  if (format === 'svg') {
    const svg = withoutPreamble(typeof input === 'string' ? await readFile(input) : input);
    return sharp(svg, { ...options, density: drawingDensity(decoding) });
  }
  const decoder = sharp(input, options);
  // The size is that before the image is turned upright.
  const scales = [neededScale(widthPx, heightPx, wanted), neededScale(heightPx, widthPx, wanted)];
  if (Math.min(...scales) > shrinksUpTo) return decoder;
  const { width, height } = (await decoder.metadata()).autoOrient;
  const scale = neededScale(width, height, wanted);
  return scale <= shrinksUpTo ? decoder.resize({ width: Math.max(1, Math.ceil(width * scale)) }) : decoder;
}

/** Returns the dots per inch at which an SVG has the size that is needed. */
function drawingDensity({ widthPx, heightPx, wanted }: Decoding): number {
  const scale = Math.sqrt(
    drawnPixels(widthPx, heightPx, neededScale(widthPx, heightPx, wanted)) / (widthPx * heightPx),
  );
  return Math.min(MOST_DENSITY, Math.max(1, OWN_DENSITY * scale));
}
