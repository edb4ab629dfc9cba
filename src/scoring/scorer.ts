import sharp from 'sharp';
import { messageOf } from '../base/text.ts';
import { ScoreError, UsageError } from '../errors.ts';
import { openDecodingNotes } from '../images/decodingNotes.ts';
import { withImage } from '../images/openImage.ts';
import type { Scorer } from '../ports.ts';
import type { ImageToScore, ModelInput } from '../types.ts';
import { type Measure, measures, type Pixels } from './measures.ts';
import { createNovelty } from './novelty.ts';
import { palette } from './palette.ts';

/** The part that closeness to a brand's colours has in a score. */
export interface PaletteScore {
  /** CSS colours, as `#ff6600`. */
  readonly colours: readonly string[];
  readonly weight: number;
}

/** The weight of each measure in a score; 0 leaves it out. */
export interface ScoreSpec {
  readonly sharpness?: number | undefined;
  readonly contrast?: number | undefined;
  readonly entropy?: number | undefined;
  readonly colourfulness?: number | undefined;
  readonly exposure?: number | undefined;
  readonly novelty?: number | undefined;
  readonly palette?: PaletteScore | undefined;
}

/** A model of the service that rates images. */
export interface ModelScoreSpec {
  /** `owner/name`, or `owner/name:version`. */
  readonly model: string;
  /** Its inputs besides the image. `{prompt}` in strings stands for the prompt of the image. */
  readonly input: ModelInput;
  /** The price of a rating; null takes it from the price table. */
  readonly priceUsd: number | null;
}

/**
 * Creates the scorer of a spec: the weighted mean of its measures, from one decode of each image.
 * Throws `UsageError` if no weight is above 0, or a colour is invalid.
 */
export function createScorer({ palette: brand, novelty = 0, ...weights }: ScoreSpec): Scorer {
  const parts: WeightedMeasure[] = Object.entries(measures).map(([name, measure]) => ({
    measure,
    weight: weights[name as keyof typeof measures] ?? 0,
  }));
  parts.push({ measure: createNovelty(), weight: novelty });
  if (brand !== undefined) parts.push({ measure: palette(brand.colours), weight: brand.weight });
  return pixelScorer(mixMeasures(parts.filter(({ weight }) => weight !== 0)));
}

/** A measure and its weight. */
export interface WeightedMeasure {
  readonly measure: Measure;
  /** 0 or more. */
  readonly weight: number;
}

/**
 * Combines measures to their weighted mean, Σ w·m / Σ w. Throws `UsageError` if no weight is above
 * 0, or one is below.
 */
export function mixMeasures(parts: readonly WeightedMeasure[]): Measure {
  const total = parts.reduce((sum, { weight }) => sum + weight, 0);
  if (!(total > 0) || parts.some(({ weight }) => !(weight >= 0))) {
    const weights = parts.map(({ weight }) => weight).join(', ') || 'none';
    throw new UsageError(`Expected weights of 0 or more, one of them above 0, got ${weights}`);
  }
  return (pixels) => parts.reduce((sum, { measure, weight }) => sum + weight * measure(pixels), 0) / total;
}

/**
 * Creates a scorer that decodes an image and rates its pixels. Rejects with `ScoreError` if the
 * image cannot be decoded.
 */
export function pixelScorer(measure: Measure): Scorer {
  return async (image) => measure(await readPixels(image));
}

/** Enough to distinguish sharp from blurred, and 20 times faster than a full-size image. */
const SIDE_PX = 512;

/**
 * Decodes an image for scorers: upright, sRGB, transparency on white, within 512 x 512 px (never
 * enlarged), and within the memory for images. Rejects with `ScoreError` if it cannot be decoded.
 */
export async function readPixels({ path, index, folder }: ImageToScore): Promise<Pixels> {
  const wanted = { fit: 'inside', boxes: [{ widthPx: SIDE_PX, heightPx: SIDE_PX }] } as const;
  const notes = folder === undefined ? undefined : openDecodingNotes(folder);
  try {
    const { data, info } = await withImage(path, { wanted, notes }, ({ input, options }) =>
      sharp(input, options)
        .resize({ width: SIDE_PX, height: SIDE_PX, fit: 'inside', withoutEnlargement: true })
        .flatten({ background: 'white' })
        .toColourspace('srgb')
        .removeAlpha()
        .raw({ depth: 'uchar' })
        .toBuffer({ resolveWithObject: true }),
    );
    const rgb = new Uint8Array(data.buffer, data.byteOffset, data.length);
    return { widthPx: info.width, heightPx: info.height, rgb, grey: greyOf(rgb) };
  } catch (cause) {
    throw new ScoreError(`Cannot decode image #${index + 1}, ${path}: ${messageOf(cause)}`, {
      suggestion: 'Open it to see the output of the model. Only images can be scored.',
      cause,
    });
  }
}

function greyOf(rgb: Uint8Array): Float32Array {
  const grey = new Float32Array(rgb.length / 3);
  for (let pixel = 0; pixel < grey.length; pixel += 1) {
    const at = pixel * 3;
    grey[pixel] = 0.299 * (rgb[at] ?? 0) + 0.587 * (rgb[at + 1] ?? 0) + 0.114 * (rgb[at + 2] ?? 0);
  }
  return grey;
}
