import type { Scorer } from '../ports.ts';
import type { Measure } from './Measure.ts';
import { readPixels } from './readPixels.ts';

/** A scorer by pixels: decodes a picture once and rates it. Emits `ScoreError` where it cannot be decoded. */
export function pixelScorer(measure: Measure): Scorer {
  return async (image) => measure(await readPixels(image));
}
