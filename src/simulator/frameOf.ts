import type { SimulatedPrediction } from './SimulatedPrediction.ts';

/** Shape and encoding of an output. */
export interface PictureFrame {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly format: 'png' | 'jpg' | 'webp';
  readonly quality: number;
}

/** Size of the first input image. */
export interface InputSize {
  readonly width: number;
  readonly height: number;
}

const MEGAPIXEL = 1024 * 1024;
/** Sides are multiples of this, as models make them. */
const STEP_PX = 16;

/** The frame that a prediction's input asks for: width and height, or a ratio at about a megapixel, or its input image's. */
export function frameOf({ settings: input }: SimulatedPrediction, given: InputSize | null): PictureFrame {
  const format =
    input.output_format === 'jpg' || input.output_format === 'webp' ? input.output_format : 'png';
  const quality = Math.max(1, Number(input.output_quality ?? 80));
  const { width, height, aspect_ratio: ratio } = input;
  if (typeof width === 'number' && typeof height === 'number')
    return { widthPx: width, heightPx: height, format, quality };
  const area = MEGAPIXEL * (input.megapixels === '0.25' ? 0.25 : 1);
  const [wide = 1, high = 1] = /^\d+:\d+$/.test(String(ratio))
    ? String(ratio).split(':').map(Number)
    : [given?.width, given?.height];
  const scale = Math.sqrt(area / (wide * high));
  return { widthPx: side(wide * scale), heightPx: side(high * scale), format, quality };
}

function side(px: number): number {
  return Math.max(STEP_PX, Math.round(px / STEP_PX) * STEP_PX);
}
