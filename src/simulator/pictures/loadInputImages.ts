import sharp from 'sharp';
import type { Uploads } from '../createUploads.ts';
import type { SimulatedPrediction } from '../SimulatedPrediction.ts';
import type { InputImage } from './InputImage.ts';

const PATIENCE_MS = 5_000;
const MAX_BYTES = 20_000_000;

/**
 * The images of a prediction's input, in its order: `data:` URLs, uploaded files, and URLs of other hosts, which are fetched
 * without credentials. What cannot be read is left out, as a picture without it is better than none.
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
    const { autoOrient } = await sharp(bytes).metadata();
    return { bytes, widthPx: autoOrient.width, heightPx: autoOrient.height };
  } catch {
    return null;
  }
}

async function fetchBytes(url: string): Promise<Buffer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
  const length = Number(response.headers.get('content-length') ?? 0);
  if (!response.ok || length > MAX_BYTES) throw new Error(`Expected an image, got ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}
