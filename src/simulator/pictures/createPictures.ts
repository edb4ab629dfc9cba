import type { Uploads } from '../createUploads.ts';
import type { SimulatedPrediction } from '../SimulatedPrediction.ts';
import { createPictureCache } from './createPictureCache.ts';
import { drawPicture } from './drawPicture.ts';
import { drawSmallPicture } from './drawSmallPicture.ts';
import { frameOf } from './frameOf.ts';

export interface PicturesConfig {
  /** `full` draws each prompt; `fast` draws one small picture for each shape and format. */
  render: 'full' | 'fast';
  uploads: Uploads;
}

export interface Pictures {
  /** The encoded picture at this place of a prediction's output: always the same for the same model and input. */
  render(prediction: SimulatedPrediction, place: number): Promise<Buffer>;
}

const MAX_KEPT_BYTES = 32_000_000;

/** Draws outputs when they are fetched, and keeps the newest for those who fetch twice. */
export function createPictures({ render, uploads }: PicturesConfig): Pictures {
  const cache = createPictureCache(MAX_KEPT_BYTES);
  return {
    render(prediction, place) {
      if (render === 'full') {
        return cache.get(`${prediction.id}/${place}`, () => drawPicture(prediction, place, uploads));
      }
      const frame = frameOf(prediction, null);
      const { widthPx, heightPx, format } = frame;
      return cache.get(`${widthPx}x${heightPx}.${format}`, () => drawSmallPicture(frame));
    },
  };
}
