import type { SimulatedPrediction } from '../engine/simulatedPrediction.ts';
import type { Uploads } from '../engine/uploads.ts';
import { drawPicture, drawSmallPicture } from './drawPicture.ts';
import { frameOf } from './frame.ts';

interface PicturesConfig {
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

/** Pictures that have been drawn, up to a number of bytes; those not asked for longest go first. */
interface PictureCache {
  /** The picture of this key, drawn where it is not there. Whoever asks meanwhile waits for the same drawing. */
  get(key: string, draw: () => Promise<Buffer>): Promise<Buffer>;
  readonly keptBytes: number;
}

export function createPictureCache(maxBytes: number): PictureCache {
  const drawing = new Map<string, Promise<Buffer>>();
  const kept = new Map<string, Buffer>();
  let keptBytes = 0;

  const drop = (key: string): void => {
    keptBytes -= kept.get(key)?.length ?? 0;
    kept.delete(key);
  };
  const keep = (key: string, picture: Buffer): void => {
    drop(key);
    kept.set(key, picture);
    keptBytes += picture.length;
    for (const oldest of kept.keys()) {
      if (keptBytes <= maxBytes) return;
      drop(oldest);
    }
  };
  const drawAndKeep = async (key: string, draw: () => Promise<Buffer>): Promise<Buffer> => {
    try {
      const picture = await draw();
      keep(key, picture);
      return picture;
    } finally {
      drawing.delete(key);
    }
  };
  return {
    async get(key, draw) {
      const known = kept.get(key);
      if (known !== undefined) {
        keep(key, known);
        return known;
      }
      const running = drawing.get(key) ?? drawAndKeep(key, draw);
      drawing.set(key, running);
      return running;
    },
    get keptBytes() {
      return keptBytes;
    },
  };
}
