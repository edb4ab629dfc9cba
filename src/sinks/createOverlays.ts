import { loaded } from '../loaded.ts';
import type { RenditionOverlay } from '../types.ts';

/** The room a rendition has for an overlay, in pixels. */
export interface OverlayRoom {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** An overlay at the size at which it is laid on: red, green, blue and alpha for each pixel. */
export interface OverlayPixels {
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
  const { default: sharp } = await loaded(import('sharp'), 'sharp');
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
