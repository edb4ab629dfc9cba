import type { ModelInput, ModelInputProperty, ModelSchema } from '../types.ts';
import { nearestAspectRatio } from './nearestAspectRatio.ts';

/** About a megapixel is what most models are trained on; sides are multiples of 64 as their latents are. */
const areaPx = 1024 * 1024;
const stepPx = 64;

/**
 * The inputs that make a model's picture the shape of a frame: the nearest `aspect_ratio` where the model offers a
 * choice of them, else `width` and `height` of about a megapixel, else nothing.
 */
export function frameInput(widthPx: number, heightPx: number, schema: ModelSchema | null): ModelInput {
  const { aspect_ratio: ratio, width, height } = schema?.properties ?? {};
  const nearest = nearestAspectRatio(widthPx, heightPx, ratio?.enum ?? []);
  if (nearest !== null) return { aspect_ratio: nearest };
  if (width?.type !== 'integer' || height?.type !== 'integer') return {};
  const scale = Math.sqrt(areaPx / (widthPx * heightPx));
  return { width: side(widthPx * scale, width), height: side(heightPx * scale, height) };
}

/** The allowed side that is nearest. */
function side(
  wantedPx: number,
  { enum: choices, minimum = stepPx, maximum = 4096 }: ModelInputProperty,
): number {
  const sizes = choices?.filter((choice) => typeof choice === 'number') ?? [];
  if (sizes.length > 0) return sizes.reduce((best, size) => (gap(size) < gap(best) ? size : best));
  const lowest = Math.ceil(minimum / stepPx) * stepPx;
  const highest = Math.floor(maximum / stepPx) * stepPx;
  return Math.min(highest, Math.max(lowest, Math.round(wantedPx / stepPx) * stepPx));

  function gap(size: number): number {
    return Math.abs(size - wantedPx);
  }
}
