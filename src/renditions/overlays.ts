import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileProblem, importPackage } from '../disk/storageError.ts';
import { UsageError } from '../errors.ts';
import type { RenditionOverlay, RenditionSpec } from '../types.ts';

/** The room a rendition has for an overlay, in pixels. */
interface OverlayRoom {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** An overlay at the size at which it is laid on: red, green, blue and alpha for each pixel. */
interface OverlayPixels {
  readonly data: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Overlays, decoded once for each size. Rejects with what sharp says where a file is no picture. */
export type Overlays = (overlay: RenditionOverlay, room: OverlayRoom) => Promise<OverlayPixels>;

/** A run has a few sizes; pictures of their own size each (`inside`) must not fill the memory. */
const MOST_KEPT_BYTES = 32 * 1024 * 1024;
const CHANNELS = 4;
/** Of a drawing at its own size, and the highest that sharp draws. */
const OWN_DENSITY = 72;
const MOST_DENSITY = 10_000;

/** Makes a memory of overlays: those used last stay decoded, up to 32 MB of them. */
export function createOverlays(): Overlays {
  const kept = new Map<string, { readonly pixels: Promise<OverlayPixels>; readonly bytes: number }>();
  let keptBytes = 0;
  const forget = (key: string) => {
    keptBytes -= kept.get(key)?.bytes ?? 0;
    kept.delete(key);
  };
  return (overlay, room) => {
    const key = JSON.stringify([overlay.file, overlay.opacity, room.widthPx, room.heightPx]);
    const pixels = kept.get(key)?.pixels ?? decoded(overlay, room);
    const bytes = room.widthPx * room.heightPx * CHANNELS;
    forget(key);
    kept.set(key, { pixels, bytes });
    keptBytes += bytes;
    for (const oldest of kept.keys()) {
      if (keptBytes <= MOST_KEPT_BYTES) break;
      forget(oldest);
    }
    // A file that could not be read may be there next time.
    pixels.catch(() => forget(key));
    return pixels;
  };
}

async function decoded(
  { file, opacity }: RenditionOverlay,
  { widthPx, heightPx }: OverlayRoom,
): Promise<OverlayPixels> {
  const { default: sharp } = await importPackage(import('sharp'), 'sharp');
  const { format, width } = await sharp(file).metadata();
  const density = Math.min(MOST_DENSITY, Math.max(1, (OWN_DENSITY * widthPx) / width));
  const { data, info } = await sharp(file, { autoOrient: true, ...(format === 'svg' ? { density } : {}) })
    .resize({ width: widthPx, height: heightPx, fit: 'inside' })
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  for (let alpha = CHANNELS - 1; alpha < data.length; alpha += CHANNELS) {
    data[alpha] = Math.round((data[alpha] ?? 0) * opacity);
  }
  return { data, widthPx: info.width, heightPx: info.height };
}

/** Enough to have gone through the whole of a picture. */
const SAMPLE_PX = 64;

/**
 * The renditions with the absolute paths of their overlays; relative ones begin in `folder`. Each overlay is decoded once, so
 * that none turns out to be unreadable in the middle of a run.
 *
 * Rejects with `UsageError` where one is not there, or no whole picture.
 */
export async function readableOverlays(
  specs: readonly RenditionSpec[],
  folder: string,
): Promise<readonly RenditionSpec[]> {
  if (specs.every(({ overlay }) => overlay === undefined)) return specs;
  const placed = specs.map((spec) => {
    if (spec.overlay === undefined) return spec;
    return { ...spec, overlay: { ...spec.overlay, file: resolve(folder, spec.overlay.file) } };
  });
  const checked = new Set<string>();
  for (const { name, overlay } of placed) {
    if (overlay === undefined || checked.has(overlay.file)) continue;
    checked.add(overlay.file);
    await expectPicture(overlay.file, name);
  }
  return placed;
}

async function expectPicture(path: string, rendition: string): Promise<void> {
  const { default: sharp } = await importPackage(import('sharp'), 'sharp');
  try {
    const stats = await stat(path);
    if (!stats.isFile()) throw new Error('something that is not a file');
    await sharp(path, { failOn: 'error' }).resize(SAMPLE_PX, SAMPLE_PX, { fit: 'inside' }).raw().toBuffer();
  } catch (cause) {
    throw new UsageError(
      `Expected a whole picture at ${path}, the overlay of the rendition ${rendition}, got ${fileProblem(cause)}`,
      {
        suggestion: 'Check the path: relative ones begin beside the spec, or in the working directory.',
        cause,
      },
    );
  }
}
