import type { OverlayOptions } from 'sharp';
import { escapeXml, sheetFont, wrapText } from '../base/text.ts';
import type { RenditionOverlay, RenditionPlace, RenditionSpec } from '../types.ts';
import type { Overlays } from './overlays.ts';

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

/** Letters as a part of the rendition's shorter side. */
const FONT_PART = 0.04;
const LEAST_FONT_PX = 11;
const LINE_HEIGHT = 1.3;
const PADDING = 0.7;
const MOST_LINES = 3;
/** The band takes no more of the rendition's height, if one line fits into that. */
const MOST_HEIGHT_PART = 0.4;
/** White on this much black over white has a contrast of 6 to 1; over anything darker it has more. */
const BAND_OPACITY = 0.62;

/** A drawing as wide as the rendition, to be laid along an edge of it. */
interface CaptionBand {
  readonly svg: string;
  readonly heightPx: number;
}

/**
 * The caption of a rendition of this size: white letters on a dark, half transparent band, in at most three lines; the rest of
 * a longer text is an ellipsis.
 */
function captionBand(text: string, widthPx: number, heightPx: number): CaptionBand {
  const fontPx = Math.max(LEAST_FONT_PX, Math.min(widthPx, heightPx) * FONT_PART);
  const linePx = fontPx * LINE_HEIGHT;
  const paddingPx = fontPx * PADDING;
  const room = Math.floor((heightPx * MOST_HEIGHT_PART - 2 * paddingPx) / linePx);
  const lines = wrapText(text, (widthPx - 2 * paddingPx) / fontPx, Math.min(MOST_LINES, Math.max(1, room)));
  const bandPx = Math.min(heightPx, Math.ceil(lines.length * linePx + 2 * paddingPx));
  const drawn = lines.map((line, place) => {
    // The letters stand on their line, the space between lines half above and half below them.
    const y = paddingPx + linePx * (place + 0.5) + fontPx * 0.35;
    return `<text x="${paddingPx}" y="${y}">${escapeXml(line)}</text>`;
  });
  return {
    svg: `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${bandPx}" ${sheetFont} font-size="${fontPx}" fill="#fff"><rect width="${widthPx}" height="${bandPx}" fill="#000" fill-opacity="${BAND_OPACITY}"/>${drawn.join('')}</svg>`,
    heightPx: bandPx,
  };
}
