import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileProblem, importPackage } from '../disk/storageError.ts';
import { RxposureError, UsageError } from '../errors.ts';
import { createDecoder } from '../images/decoder.ts';
import { createImageMemory, imageBudgetBytes } from '../images/imageMemory.ts';
import { type OpenImageConfig, withImage } from '../images/openImage.ts';
import type { RenditionOverlay, RenditionSpec } from '../types.ts';

/** The space for an overlay in a rendition, in pixels. */
interface OverlayRoom {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** An overlay at its final size: red, green, blue and alpha of each pixel. */
interface OverlayPixels {
  readonly data: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Decodes an overlay, once for each size. Rejects with sharp's error if a file is no image. */
export type Overlays = (overlay: RenditionOverlay, room: OverlayRoom) => Promise<OverlayPixels>;

/**
 * Enough for the few sizes of a run. Renditions of many sizes (`inside`) must not fill the memory.
 */
const MAX_CACHED_BYTES = 32 * 1024 * 1024;
const CHANNELS = 4;

/** Creates a cache of decoded overlays: the most recently used ones, up to 32 MB. */
export function createOverlays(): Overlays {
  const cached = new Map<string, { readonly pixels: Promise<OverlayPixels>; readonly bytes: number }>();
  let cachedBytes = 0;
  // An overlay is decoded while its original holds memory: if it waited for the same, all could
  // wait for each other.
  const within = { memory: createImageMemory(imageBudgetBytes() / 2), decoder: createDecoder() };
  const evict = (key: string) => {
    cachedBytes -= cached.get(key)?.bytes ?? 0;
    cached.delete(key);
  };
  return (overlay, room) => {
    const key = JSON.stringify([overlay.file, overlay.opacity, room.widthPx, room.heightPx]);
    const pixels = cached.get(key)?.pixels ?? decoded(overlay, room, within);
    const bytes = room.widthPx * room.heightPx * CHANNELS;
    evict(key);
    cached.set(key, { pixels, bytes });
    cachedBytes += bytes;
    for (const oldest of cached.keys()) {
      if (cachedBytes <= MAX_CACHED_BYTES) break;
      evict(oldest);
    }
    // A file that could not be read may be readable next time.
    pixels.catch(() => evict(key));
    return pixels;
  };
}

async function decoded(
  { file, opacity }: RenditionOverlay,
  { widthPx, heightPx }: OverlayRoom,
  within: Pick<OpenImageConfig, 'memory' | 'decoder'>,
): Promise<OverlayPixels> {
  const { default: sharp } = await importPackage('sharp', () => import('sharp'));
  const wanted = { fit: 'inside', boxes: [{ widthPx, heightPx }] } as const;
  const { data, info } = await withImage(file, { ...within, wanted }, ({ input, options }) =>
    sharp(input, options)
      .resize({ width: widthPx, height: heightPx, fit: 'inside' })
      .toColourspace('srgb')
      .ensureAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true }),
  ).catch((error: unknown) => {
    throw reasonOf(error);
  });
  for (let alpha = CHANNELS - 1; alpha < data.length; alpha += CHANNELS) {
    data[alpha] = Math.round((data[alpha] ?? 0) * opacity);
  }
  return { data, widthPx: info.width, heightPx: info.height };
}

/** Returns the reason of an error about an image: an overlay is no original that stays on disk. */
function reasonOf(error: unknown): unknown {
  return error instanceof RxposureError && error.cause !== undefined ? error.cause : error;
}

/** Sharp has to read a whole image to resize it to this. */
const SAMPLE_PX = 64;

/**
 * Resolves the paths of overlays, relative ones from `folder`, and decodes each overlay once, so
 * that none turns out to be unreadable in the middle of a run.
 *
 * Rejects with `UsageError` if an overlay is missing or no complete image.
 */
export async function readableOverlays(
  specs: readonly RenditionSpec[],
  folder: string,
): Promise<readonly RenditionSpec[]> {
  if (specs.every(({ overlay }) => overlay === undefined)) return specs;
  const resolved = specs.map((spec) => {
    if (spec.overlay === undefined) return spec;
    return { ...spec, overlay: { ...spec.overlay, file: resolve(folder, spec.overlay.file) } };
  });
  const checked = new Set<string>();
  for (const { name, overlay } of resolved) {
    if (overlay === undefined || checked.has(overlay.file)) continue;
    checked.add(overlay.file);
    await checkImage(overlay.file, name);
  }
  return resolved;
}

async function checkImage(path: string, rendition: string): Promise<void> {
  const { default: sharp } = await importPackage('sharp', () => import('sharp'));
  try {
    const stats = await stat(path);
    if (!stats.isFile()) throw new Error('it is not a file');
    const wanted = { fit: 'inside', boxes: [{ widthPx: SAMPLE_PX, heightPx: SAMPLE_PX }] } as const;
    await withImage(path, { wanted }, ({ input, options }) =>
      sharp(input, options).resize(SAMPLE_PX, SAMPLE_PX, { fit: 'inside' }).raw().toBuffer(),
    );
  } catch (error) {
    const cause = reasonOf(error);
    throw new UsageError(
      `Cannot read ${path}, the overlay of the rendition ${rendition}: ${fileProblem(cause, 'there is no such file')}`,
      {
        suggestion:
          'Check the path. Relative paths start in the folder of the spec, or in the working directory.',
        cause,
      },
    );
  }
}
