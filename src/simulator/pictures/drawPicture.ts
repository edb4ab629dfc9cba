import { createHash } from 'node:crypto';
import sharp, { type Sharp } from 'sharp';
import { escapeXml, wrapText } from '../../base/text.ts';
import { createRandom } from '../engine/random.ts';
import type { SimulatedPrediction } from '../engine/simulatedPrediction.ts';
import type { Uploads } from '../engine/uploads.ts';
import { effectiveInput, type InputDefinition } from '../models/simulatedModel.ts';
import { drawScene } from './drawScene.ts';
import { frameOf, inputLayers, loadInputImages, type PictureFrame } from './frame.ts';

/** Default share of the scene that shows through one input image, and through several. */
const DEFAULT_STRENGTH = { one: 0.4, several: 0.25 };
/** Inputs that change the file, but not the scene. */
const ENCODING_INPUTS = new Set(['output_format', 'output_quality', 'num_outputs', 'max_images']);

/**
 * Draws a scene that follows from the model and its input, blended with the input images, with the
 * prompt as a caption. `index` is the position of the image in the output.
 */
export async function drawPicture(
  prediction: SimulatedPrediction,
  index: number,
  uploads: Uploads,
): Promise<Buffer> {
  const { model, input } = prediction;
  const settings = effectiveInput(model, input);
  const images = await loadInputImages(prediction, uploads);
  const frame = frameOf(prediction, images[0] ?? null);
  const { widthPx, heightPx } = frame;
  const seed = typeof settings.seed === 'number' ? settings.seed + index : null;
  const preset = images.length > 1 ? DEFAULT_STRENGTH.several : DEFAULT_STRENGTH.one;
  const scene = drawScene(sceneKey(prediction, settings, index), widthPx, heightPx);
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

/**
 * Identifies a scene. The index is added to the seed, as models count up from it; without a seed
 * every prediction has its own scenes.
 */
function sceneKey(
  { model, id }: SimulatedPrediction,
  settings: Readonly<Record<string, unknown>>,
  index: number,
): string {
  const { seed, ...rest } = settings;
  const start = typeof seed === 'number' ? `${seed + index}` : `${id}/${index}`;
  const others = Object.entries(rest)
    .filter(([name]) => !ENCODING_INPUTS.has(name) && !isFileInput(model.inputs[name]))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([model.name, start, others]))
    .digest('hex');
}

/** Returns true for files: they show in the image itself, but their URLs differ in each run. */
function isFileInput(definition: InputDefinition | undefined): boolean {
  return definition?.format === 'uri' || definition?.type === 'files';
}

interface Caption {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly prompt: string;
  /** Small print below the prompt. */
  readonly note: string;
  /** Hides the layers below, because input images may have captions of their own. Default false. */
  readonly isOpaque?: boolean;
}

const MAX_LINES = 4;
const LINE_HEIGHT = 1.36;
/** Font size of the note as a share of the prompt's. */
const NOTE_SIZE = 0.62;

/** Draws an SVG layer with the prompt in legible letters on a dark foot, cut to a few lines. */
function paintCaption({ widthPx, heightPx, prompt, note, isOpaque = false }: Caption): string {
  const sizePx = Math.round(Math.sqrt(widthPx * heightPx) / 31);
  const marginPx = Math.round(sizePx * 1.5);
  const lines = wrapText(prompt, (widthPx - 2 * marginPx) / sizePx, MAX_LINES);
  const noteY = Math.round(heightPx - marginPx * 0.9);
  const lastLineY = noteY - sizePx * 1.45;
  const footPx = Math.round(marginPx * 3 + sizePx * LINE_HEIGHT * (lines.length + 1));
  const foot = isOpaque ? { from: 0.24, upper: 0.95, lower: 0.97 } : { from: 0.45, upper: 0.5, lower: 0.78 };
  const texts = lines.map((line, index) => {
    const y = Math.round(lastLineY - (lines.length - 1 - index) * sizePx * LINE_HEIGHT);
    return `<text x="${marginPx}" y="${y}" font-size="${sizePx}">${escapeXml(line)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${heightPx}">
<defs><linearGradient id="foot" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#05060a" stop-opacity="0"/>
<stop offset="${foot.from}" stop-color="#05060a" stop-opacity="${foot.upper}"/><stop offset="1" stop-color="#05060a" stop-opacity="${foot.lower}"/></linearGradient></defs>
<rect y="${heightPx - footPx}" width="${widthPx}" height="${footPx}" fill="url(#foot)"/>
<g fill="#fff" font-family="Inter, 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif">${texts.join('')}
<text x="${marginPx}" y="${noteY}" font-size="${Math.round(sizePx * NOTE_SIZE)}" fill-opacity="0.75">${escapeXml(note)}</text></g></svg>`;
}

const SIDE_PX = 256;
let tile: Promise<Buffer> | undefined;

/** Returns a tile of fine noise, made once: with it, images compress like photographs. */
function grainTile(): Promise<Buffer> {
  tile ??= makeTile();
  return tile;
}

function makeTile(): Promise<Buffer> {
  const random = createRandom('grain');
  const pixels = Buffer.alloc(SIDE_PX * SIDE_PX * 4);
  for (let at = 0; at < pixels.length; at += 4) {
    const grey = Math.round(random.between(60, 195));
    pixels.set([grey, grey, grey, 150], at);
  }
  return sharp(pixels, { raw: { width: SIDE_PX, height: SIDE_PX, channels: 4 } })
    .png()
    .toBuffer();
}

/** Encodes an image in a frame's format, for speed rather than for size. */
function encodePicture(picture: Sharp, { format, quality }: PictureFrame): Promise<Buffer> {
  const opaque = picture.removeAlpha();
  switch (format) {
    case 'jpg':
      return opaque.jpeg({ quality }).toBuffer();
    case 'webp':
      return opaque.webp({ quality, effort: 1 }).toBuffer();
    case 'png':
      return opaque.png({ compressionLevel: 2 }).toBuffer();
  }
}

const LONG_SIDE_PX = 64;

/** Draws a tiny image of a frame's shape and format, for load tests. */
export function drawSmallPicture(frame: PictureFrame): Promise<Buffer> {
  const scale = LONG_SIDE_PX / Math.max(frame.widthPx, frame.heightPx);
  const widthPx = Math.max(1, Math.round(frame.widthPx * scale));
  const heightPx = Math.max(1, Math.round(frame.heightPx * scale));
  return encodePicture(sharp(Buffer.from(drawScene('small', widthPx, heightPx))), frame);
}
