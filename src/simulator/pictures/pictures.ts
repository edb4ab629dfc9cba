import type { SimulatedPrediction } from '../engine/simulatedPrediction.ts';
import type { Uploads } from '../engine/uploads.ts';
import { frameOf } from './frame.ts';

interface PicturesConfig {
  /** `full` draws each prompt; `fast` draws one small image per shape and format. */
  render: 'full' | 'fast';
  uploads: Uploads;
}

/** The images that predictions make. */
export interface Pictures {
  /**
   * Returns the encoded image at this index of a prediction's output: always the same for the same
   * model and input, if the input has a seed.
   */
  render(prediction: SimulatedPrediction, index: number): Promise<Buffer>;
}

const MAX_STORED_BYTES = 32_000_000;

/** Creates the images of a simulator: drawn on request, with a cache of the latest. */
export function createPictures({ render, uploads }: PicturesConfig): Pictures {
  const cache = createPictureCache(MAX_STORED_BYTES);
  return {
    render(prediction, index) {
      if (render === 'full') {
        return cache.get(`${prediction.id}/${index}`, async () =>
          (await drawing()).drawPicture(prediction, index, uploads),
        );
      }
      const frame = frameOf(prediction, null);
      const { widthPx, heightPx, format } = frame;
      return cache.get(`${widthPx}x${heightPx}.${format}`, async () =>
        (await drawing()).drawSmallPicture(frame),
      );
    },
  };
}

/**
 * Loads the drawing code, with sharp: a simulator that is asked only about models starts without
 * it.
 */
const drawing = () => import('./drawPicture.ts');

/** A cache of drawn images up to a number of bytes, which evicts the least recently used. */
interface PictureCache {
  /** Returns the image of this key; draws it once if it is missing, also for concurrent calls. */
  get(key: string, draw: () => Promise<Buffer>): Promise<Buffer>;
  readonly storedBytes: number;
}

/** Creates an empty cache. */
export function createPictureCache(maxBytes: number): PictureCache {
  const drawing = new Map<string, Promise<Buffer>>();
  const stored = new Map<string, Buffer>();
  let storedBytes = 0;

  const drop = (key: string): void => {
    storedBytes -= stored.get(key)?.length ?? 0;
    stored.delete(key);
  };
  const store = (key: string, picture: Buffer): void => {
    drop(key);
    stored.set(key, picture);
    storedBytes += picture.length;
    for (const oldest of stored.keys()) {
      if (storedBytes <= maxBytes) return;
      drop(oldest);
    }
  };
  const drawAndStore = async (key: string, draw: () => Promise<Buffer>): Promise<Buffer> => {
    try {
      const picture = await draw();
      store(key, picture);
      return picture;
    } finally {
      drawing.delete(key);
    }
  };
  return {
    async get(key, draw) {
      const known = stored.get(key);
      if (known !== undefined) {
        store(key, known);
        return known;
      }
      const running = drawing.get(key) ?? drawAndStore(key, draw);
      drawing.set(key, running);
      return running;
    },
    get storedBytes() {
      return storedBytes;
    },
  };
}
