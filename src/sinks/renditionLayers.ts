import type { OverlayOptions } from 'sharp';
import type { RenditionOverlay, RenditionPlace, RenditionSpec } from '../types.ts';
import { captionBand } from './captionBand.ts';
import type { Overlays } from './createOverlays.ts';

/** What is laid on a rendition of this size: its caption, and its overlay, which keeps off the caption. */
export async function renditionLayers(
  { overlay, caption }: RenditionSpec,
  widthPx: number,
  heightPx: number,
  overlays: Overlays,
): Promise<OverlayOptions[]> {
  const layers: OverlayOptions[] = [];
  let free = { top: 0, heightPx };
  // The words of a job may come to nothing.
  if (caption !== undefined && caption.text.trim() !== '') {
    const band = captionBand(caption.text, widthPx, heightPx);
    const isAbove = caption.place === 'north';
    layers.push({ input: Buffer.from(band.svg), left: 0, top: isAbove ? 0 : heightPx - band.heightPx });
    free = { top: isAbove ? band.heightPx : 0, heightPx: heightPx - band.heightPx };
  }
  if (overlay !== undefined) {
    layers.push(
      await overlayLayer(overlay, { ...free, widthPx, shorterPx: Math.min(widthPx, heightPx) }, overlays),
    );
  }
  return layers;
}

interface FreePart {
  readonly top: number;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Of the whole rendition. */
  readonly shorterPx: number;
}

async function overlayLayer(
  overlay: RenditionOverlay,
  { top, widthPx, heightPx, shorterPx }: FreePart,
  overlays: Overlays,
): Promise<OverlayOptions> {
  const marginPx = Math.round(overlay.margin * shorterPx);
  const widest = Math.max(1, widthPx - 2 * marginPx);
  const highest = Math.max(1, heightPx - 2 * marginPx);
  const wantedPx = Math.max(1, Math.round(overlay.scale * widthPx));
  const laid = await overlays(overlay, { widthPx: Math.min(wantedPx, widest), heightPx: highest });
  const [across, down] = placeParts(overlay.place);
  return {
    input: Buffer.from(laid.data.buffer, laid.data.byteOffset, laid.data.byteLength),
    raw: { width: laid.widthPx, height: laid.heightPx, channels: 4 },
    left: Math.min(widthPx - laid.widthPx, marginPx + Math.round(across * (widest - laid.widthPx))),
    top:
      top +
      Math.max(
        0,
        Math.min(heightPx - laid.heightPx, marginPx + Math.round(down * (highest - laid.heightPx))),
      ),
  };
}

/** How far from the left and from the top, 0…1 */
function placeParts(place: RenditionPlace): readonly [number, number] {
  const across = place.endsWith('west') ? 0 : place.endsWith('east') ? 1 : 0.5;
  const down = place.startsWith('north') ? 0 : place.startsWith('south') ? 1 : 0.5;
  return [across, down];
}
