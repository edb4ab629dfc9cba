import sharp, { type Sharp } from 'sharp';
import { drawScene } from './drawScene.ts';
import { frameOf, type PictureFrame } from './frameOf.ts';
import { grainTile } from './grainTile.ts';
import { loadInputImages } from './loadInputImages.ts';
import { paintCaption } from './paintCaption.ts';
import type { SimulatedPrediction } from './SimulatedPrediction.ts';

export interface PicturesConfig {
  /** `full` draws each prompt; `fast` draws one small picture for each shape and format. */
  render: 'full' | 'fast';
  /** The content of an uploaded input file; null where the URL is none of ours. */
  inputOf: (url: string) => Buffer | null;
}

export interface Pictures {
  /** The encoded picture at this place of a prediction's output: always the same for the same model and input. */
  render(prediction: SimulatedPrediction, place: number): Promise<Buffer>;
}

const KEPT = 64;
/** Long side of the pictures for load tests. */
const FAST_PX = 64;

/** Draws the outputs when they are fetched, and keeps the newest few for those who fetch twice. */
export function createPictures(config: PicturesConfig): Pictures {
  const kept = new Map<string, Promise<Buffer>>();
  const keep = (key: string, draw: () => Promise<Buffer>): Promise<Buffer> => {
    const known = kept.get(key);
    if (known !== undefined) return known;
    const picture = draw();
    kept.set(key, picture);
    const [oldest] = kept.keys();
    if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest);
    return picture;
  };
  return {
    async render(prediction, place) {
      if (config.render === 'full')
        return keep(`${prediction.id}/${place}`, () => draw(prediction, place, config));
      const frame = frameOf(prediction, null);
      return keep(`${frame.widthPx}x${frame.heightPx}.${frame.format}`, () => drawSmall(frame));
    },
  };
}

async function draw(prediction: SimulatedPrediction, place: number, config: PicturesConfig): Promise<Buffer> {
  const { model, settings: input, serial } = prediction;
  const given = await loadInputImages(input, config.inputOf);
  const [first] = given;
  const frame = frameOf(prediction, first === undefined ? null : await sharp(first).metadata());
  const { widthPx, heightPx } = frame;
  const prompt = String(input.prompt ?? '');
  const seed = Number(input.seed ?? serial) + place;
  const scene = drawScene(`${model.name}/${prompt}/${seed}`, widthPx, heightPx);
  const layers = [
    ...(await inputLayers(given, frame, input)),
    { input: await grainTile(), tile: true, blend: 'soft-light' as const },
    {
      input: Buffer.from(paintCaption({ widthPx, heightPx, prompt, note: `${model.name}  ·  seed ${seed}` })),
    },
  ];
  return encode(sharp(Buffer.from(scene)).composite(layers), frame);
}

/** A single input image shows through as far as the prompt leaves it; several stand side by side under a wash of the scene. */
async function inputLayers(
  given: readonly Buffer[],
  { widthPx, heightPx }: PictureFrame,
  input: SimulatedPrediction['input'],
) {
  const strength = Math.min(1, Math.max(0, Number(input.prompt_strength ?? (given.length > 1 ? 0.25 : 0.5))));
  const columnPx = Math.floor(widthPx / Math.max(1, given.length));
  return Promise.all(
    given.map(async (image, place) => ({
      input: await sharp(image)
        .resize(columnPx, heightPx, { fit: 'cover' })
        .removeAlpha()
        .ensureAlpha(1 - strength)
        .png()
        .toBuffer(),
      left: place * columnPx,
      top: 0,
    })),
  );
}

function drawSmall(frame: PictureFrame): Promise<Buffer> {
  const scale = FAST_PX / Math.max(frame.widthPx, frame.heightPx);
  const small = { widthPx: Math.round(frame.widthPx * scale), heightPx: Math.round(frame.heightPx * scale) };
  return encode(sharp(Buffer.from(drawScene('fast', small.widthPx, small.heightPx))), frame);
}

function encode(picture: Sharp, { format, quality }: PictureFrame): Promise<Buffer> {
  switch (format) {
    case 'jpg':
      return picture.flatten().jpeg({ quality }).toBuffer();
    case 'webp':
      return picture.webp({ quality, effort: 1 }).toBuffer();
    default:
      return picture.png({ compressionLevel: 3 }).toBuffer();
  }
}
