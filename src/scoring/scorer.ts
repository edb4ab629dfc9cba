import sharp from 'sharp';
import { ScoreError, UsageError } from '../errors.ts';
import type { ImageToScore, Scorer } from '../ports.ts';
import type { ModelInput } from '../types.ts';
import { type Measure, measures, type Pixels } from './measures.ts';
import { createNovelty } from './novelty.ts';
import { palette } from './palette.ts';

/** Distance to colours of a brand, in a score. */
interface PaletteScore {
  /** As CSS writes them: `#ff6600`. */
  readonly colours: readonly string[];
  readonly weight: number;
}

/** What pictures are rated by: how much each measure counts; 0 not at all. */
export interface ScoreSpec {
  readonly sharpness?: number | undefined;
  readonly contrast?: number | undefined;
  readonly entropy?: number | undefined;
  readonly colourfulness?: number | undefined;
  readonly exposure?: number | undefined;
  readonly novelty?: number | undefined;
  readonly palette?: PaletteScore | undefined;
}

/** A model of the service that rates pictures. */
export interface ModelScoreSpec {
  /** `owner/name`, or `owner/name:version`. */
  readonly model: string;
  /** Its inputs besides the picture; `{prompt}` in texts stands for the picture's prompt. */
  readonly input: ModelInput;
  /** Of one rating; null: as the price table has it. */
  readonly priceUsd: number | null;
}

/**
 * The scorer that a spec describes: the weighted mean of its measures, from one decode of each picture. Throws `UsageError` where
 * none counts, or a colour is none.
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

/** A measure and how much it counts. */
export interface WeightedMeasure {
  readonly measure: Measure;
  /** 0 or more. */
  readonly weight: number;
}

/** Several measures as one: the weighted mean, Σ w·m / Σ w. Throws `UsageError` where no weight is above 0 or one is below. */
export function mixMeasures(parts: readonly WeightedMeasure[]): Measure {
  const total = parts.reduce((sum, { weight }) => sum + weight, 0);
  if (!(total > 0) || parts.some(({ weight }) => !(weight >= 0))) {
    const weights = parts.map(({ weight }) => weight).join(', ') || 'none';
    throw new UsageError(`Expected weights of 0 or more, one of them above 0, got ${weights}`);
  }
  return (pixels) => parts.reduce((sum, { measure, weight }) => sum + weight * measure(pixels), 0) / total;
}

/** A scorer by pixels: decodes a picture once and rates it. Emits `ScoreError` where it cannot be decoded. */
export function pixelScorer(measure: Measure): Scorer {
  return async (image) => measure(await readPixels(image));
}

/** Enough to tell sharp from blurred, and 20 times quicker than a whole picture. */
const SIDE_PX = 512;
const MAX_INPUT_PIXELS = 0x3fff * 0x3fff;

/**
 * Decodes a picture for scorers: upright, sRGB, transparency on white, within 512 x 512 px (never enlarged). Rejects with
 * `ScoreError` where it cannot be decoded.
 */
export async function readPixels({ path, index }: ImageToScore): Promise<Pixels> {
  try {
    const { data, info } = await sharp(path, { autoOrient: true, limitInputPixels: MAX_INPUT_PIXELS })
      .resize({ width: SIDE_PX, height: SIDE_PX, fit: 'inside', withoutEnlargement: true })
      .flatten({ background: 'white' })
      .toColourspace('srgb')
      .removeAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const rgb = new Uint8Array(data.buffer, data.byteOffset, data.length);
    return { widthPx: info.width, heightPx: info.height, rgb, grey: greyOf(rgb) };
  } catch (cause) {
    throw new ScoreError(`Expected image #${index + 1} to be a picture that can be decoded, got ${path}`, {
      suggestion: 'Open it to see what the model made; score only pictures.',
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
