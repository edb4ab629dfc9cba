import { effectiveInput } from '../models/effectiveInput.ts';
import type { SimulatedPrediction } from '../SimulatedPrediction.ts';

/** Shape and encoding of an output. */
export interface PictureFrame {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly format: 'png' | 'jpg' | 'webp';
  /** 1 to 100. PNG has none. */
  readonly quality: number;
}

/** Size of the first input image. */
export interface ImageSize {
  readonly widthPx: number;
  readonly heightPx: number;
}

const MEGAPIXEL = 1024 * 1024;
/** Sides are multiples of this, as models make them. */
const STEP_PX = 16;
/** Longer sides than this are not drawn, whatever the shape of the input image. */
const LONGEST_PX = 4096;
const DEFAULT_QUALITY = 80;

/** The frame that an input asks for: width and height, or a ratio at about a megapixel, or the input image's ratio. */
export function frameOf({ model, input }: SimulatedPrediction, image: ImageSize | null): PictureFrame {
  const settings = effectiveInput(model, input);
  const wanted = settings.output_format;
  const format = wanted === 'jpg' || wanted === 'webp' || wanted === 'png' ? wanted : model.outputFormat;
  const quality = Math.max(1, Number(settings.output_quality ?? DEFAULT_QUALITY));
  const { width, height } = settings;
  if (typeof width === 'number' && typeof height === 'number') {
    return { widthPx: width, heightPx: height, format, quality };
  }
  const [wide, high] = ratioOf(settings.aspect_ratio, image);
  const area = MEGAPIXEL * (settings.megapixels === '0.25' ? 0.25 : 1);
  const scale = Math.sqrt(area / (wide * high));
  return { widthPx: sidePx(wide * scale), heightPx: sidePx(high * scale), format, quality };
}

function ratioOf(wanted: unknown, image: ImageSize | null): readonly [number, number] {
  const [, wide, high] = /^(\d+):(\d+)$/.exec(String(wanted)) ?? [];
  if (wide !== undefined && high !== undefined) return [Number(wide), Number(high)];
  return image === null ? [1, 1] : [image.widthPx, image.heightPx];
}

function sidePx(px: number): number {
  return Math.min(LONGEST_PX, Math.max(STEP_PX, Math.round(px / STEP_PX) * STEP_PX));
}
