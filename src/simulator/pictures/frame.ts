import type { OverlayOptions } from 'sharp';
import type { SimulatedPrediction } from '../engine/simulatedPrediction.ts';
import type { Uploads } from '../engine/uploads.ts';
import { effectiveInput } from '../models/simulatedModel.ts';

/** A readable image of an input. */
interface InputImage {
  readonly bytes: Buffer;
  /** After rotation by its metadata. */
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Shape and encoding of an output. */
export interface PictureFrame {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly format: 'png' | 'jpg' | 'webp';
  /** 1 to 100; not used for PNG. */
  readonly quality: number;
}

/** Size of the first input image. */
interface ImageSize {
  readonly widthPx: number;
  readonly heightPx: number;
}

const MEGAPIXEL = 1024 * 1024;
/** Sides are multiples of this, as those of models are. */
const STEP_PX = 16;
/** Longest side that is drawn, for any shape of input image. */
const LONGEST_PX = 4096;
const DEFAULT_QUALITY = 80;

/**
 * Returns the frame that an input asks for: its width and height, or its ratio, or the ratio of the
 * input image, both at about one megapixel.
 */
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

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 20_000_000;

/**
 * Loads the images of a prediction's input, in their order: `data:` URLs, uploaded files, and URLs
 * of other hosts, which are fetched without credentials. Unreadable images are left out: an output
 * without them is better than none.
 */
export async function loadInputImages(
  { model, input }: SimulatedPrediction,
  uploads: Uploads,
): Promise<InputImage[]> {
  const urls = Object.entries(model.inputs)
    .filter(([, { format, type }]) => format === 'uri' || type === 'files')
    .flatMap(([name]) => input[name] ?? [])
    .map(String);
  const images = await Promise.all(urls.map((url) => load(url, uploads)));
  return images.filter((image) => image !== null);
}

async function load(url: string, uploads: Uploads): Promise<InputImage | null> {
  try {
    const [, id = ''] = /\/v1\/files\/([\w-]+)$/.exec(url) ?? [];
    const bytes = uploads.get(id)?.content ?? (await fetchBytes(url));
    const { default: sharp } = await import('sharp');
    const { autoOrient } = await sharp(bytes).metadata();
    return { bytes, widthPx: autoOrient.width, heightPx: autoOrient.height };
  } catch {
    return null;
  }
}

async function fetchBytes(url: string): Promise<Buffer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  const length = Number(response.headers.get('content-length') ?? 0);
  if (!response.ok || length > MAX_BYTES) throw new Error(`Expected an image, got ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}

/**
 * Returns layers of the input images, side by side over the whole frame. `strength` is the share of
 * the scene below that shows through, 0…1; 1 hides the images.
 */
export async function inputLayers(
  images: readonly InputImage[],
  { widthPx, heightPx }: PictureFrame,
  strength: number,
): Promise<OverlayOptions[]> {
  const opacity = Math.min(1, Math.max(0, 1 - strength));
  const leftOf = (index: number) => Math.round((index * widthPx) / images.length);
  const { default: sharp } = await import('sharp');
  return Promise.all(
    images.map(async ({ bytes }, index) => {
      const left = leftOf(index);
      const columnPx = Math.max(1, leftOf(index + 1) - left);
      const column = sharp(bytes).autoOrient().resize(columnPx, heightPx, { fit: 'cover' });
      const { data, info } = await column
        .toColourspace('srgb')
        .removeAlpha()
        .ensureAlpha(opacity)
        .raw()
        .toBuffer({ resolveWithObject: true });
      const { width, height, channels } = info;
      return { input: data, raw: { width, height, channels }, left, top: 0 };
    }),
  );
}
