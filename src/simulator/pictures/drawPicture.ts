import { createHash } from 'node:crypto';
import sharp from 'sharp';
import type { Uploads } from '../createUploads.ts';
import { effectiveInput } from '../models/effectiveInput.ts';
import type { InputDefinition } from '../models/SimulatedModel.ts';
import type { SimulatedPrediction } from '../SimulatedPrediction.ts';
import { drawScene } from './drawScene.ts';
import { encodePicture } from './encodePicture.ts';
import { frameOf } from './frameOf.ts';
import { grainTile } from './grainTile.ts';
import { inputLayers } from './inputLayers.ts';
import { loadInputImages } from './loadInputImages.ts';
import { paintCaption } from './paintCaption.ts';

/** How much of the scene shows through one input image, and through several, where the input does not say. */
const DEFAULT_STRENGTH = { one: 0.4, several: 0.25 };
/** What changes the file, but not the scene. */
const ENCODING_INPUTS = new Set(['output_format', 'output_quality', 'num_outputs', 'max_images']);

/** A scene that follows from the model and its input, mixed with the input's images, with the prompt as a caption. */
export async function drawPicture(
  prediction: SimulatedPrediction,
  place: number,
  uploads: Uploads,
): Promise<Buffer> {
  const { model, input } = prediction;
  const settings = effectiveInput(model, input);
  const images = await loadInputImages(prediction, uploads);
  const frame = frameOf(prediction, images[0] ?? null);
  const { widthPx, heightPx } = frame;
  const seed = typeof settings.seed === 'number' ? settings.seed + place : null;
  const preset = images.length > 1 ? DEFAULT_STRENGTH.several : DEFAULT_STRENGTH.one;
  const scene = drawScene(sceneKey(prediction, settings, place), widthPx, heightPx);
  const caption = paintCaption({
    widthPx,
    heightPx,
    prompt: String(settings.prompt ?? ''),
    note: seed === null ? model.name : `${model.name} · seed ${seed}`,
    isOpaque: images.length > 0,
  });
  const picture = sharp(Buffer.from(scene)).composite([
    ...(await inputLayers(images, frame, Number(settings.prompt_strength ?? preset))),
    { input: await grainTile(), tile: true, blend: 'soft-light' },
    { input: Buffer.from(caption) },
  ]);
  return encodePicture(picture, frame);
}

/** A seed and the place count together, as models count up from their seed; without a seed every run is another. */
function sceneKey(
  { model, id }: SimulatedPrediction,
  settings: Readonly<Record<string, unknown>>,
  place: number,
): string {
  const { seed, ...rest } = settings;
  const start = typeof seed === 'number' ? `${seed + place}` : `${id}/${place}`;
  const others = Object.entries(rest)
    .filter(([name]) => !ENCODING_INPUTS.has(name) && !isFileInput(model.inputs[name]))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([model.name, start, others]))
    .digest('hex');
}

/** A file shows in the picture by itself; its URL, with a port of its own in each run, must not. */
function isFileInput(definition: InputDefinition | undefined): boolean {
  return definition?.format === 'uri' || definition?.type === 'files';
}
