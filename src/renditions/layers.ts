import type { OverlayOptions } from 'sharp';
import { escapeXml, sheetFont, wrapText } from '../base/text.ts';
import type { RenditionOverlay, RenditionPlace, RenditionSpec } from '../types.ts';
import type { Overlays } from './overlays.ts';

/**
 * Creates the layers of a rendition of this size: its caption, and its overlay, which never covers
 * the caption.
 */
export async function renditionLayers(
  { overlay, caption }: RenditionSpec,
  widthPx: number,
  heightPx: number,
  overlays: Overlays,
): Promise<OverlayOptions[]> {
  const layers: OverlayOptions[] = [];
  let free = { top: 0, heightPx };
  // The caption's placeholders may be empty for this job.
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
  /** The shorter side of the whole rendition. */
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
  const pixels = await overlays(overlay, { widthPx: Math.min(wantedPx, widest), heightPx: highest });
  const [across, down] = gravityFractions(overlay.place);
  return {
    input: Buffer.from(pixels.data.buffer, pixels.data.byteOffset, pixels.data.byteLength),
    raw: { width: pixels.widthPx, height: pixels.heightPx, channels: 4 },
    left: Math.min(widthPx - pixels.widthPx, marginPx + Math.round(across * (widest - pixels.widthPx))),
    top:
      top +
      Math.max(
        0,
        Math.min(heightPx - pixels.heightPx, marginPx + Math.round(down * (highest - pixels.heightPx))),
      ),
  };
}

/** Returns the distances from the left and from the top that a gravity stands for, 0…1. */
function gravityFractions(gravity: RenditionPlace): readonly [number, number] {
  const across = gravity.endsWith('west') ? 0 : gravity.endsWith('east') ? 1 : 0.5;
  const down = gravity.startsWith('north') ? 0 : gravity.startsWith('south') ? 1 : 0.5;
  return [across, down];
}

/** Font size as a fraction of the rendition's shorter side. */
const FONT_PART = 0.04;
const LEAST_FONT_PX = 11;
const LINE_HEIGHT = 1.3;
const PADDING = 0.7;
const MOST_LINES = 3;
/** The largest fraction of the rendition's height that the band takes, if one line fits into it. */
const MOST_HEIGHT_PART = 0.4;
/**
 * White text on a band of this opacity has a contrast of 6 to 1 over white, and more over anything
 * darker.
 */
const BAND_OPACITY = 0.62;

/** A drawing as wide as the rendition, for its upper or lower edge. */
interface CaptionBand {
  readonly svg: string;
  readonly heightPx: number;
}

/**
 * Draws the caption of a rendition of this size: white letters on a dark, half transparent band, in
 * at most three lines. A longer text ends with an ellipsis.
 */
function captionBand(text: string, widthPx: number, heightPx: number): CaptionBand {
  const fontPx = Math.max(LEAST_FONT_PX, Math.min(widthPx, heightPx) * FONT_PART);
  const linePx = fontPx * LINE_HEIGHT;
  const paddingPx = fontPx * PADDING;
  const room = Math.floor((heightPx * MOST_HEIGHT_PART - 2 * paddingPx) / linePx);
  const lines = wrapText(text, (widthPx - 2 * paddingPx) / fontPx, Math.min(MOST_LINES, Math.max(1, room)));
  const bandPx = Math.min(heightPx, Math.ceil(lines.length * linePx + 2 * paddingPx));
  const drawn = lines.map((line, index) => {
    // Half of the space between lines is above the letters, half below.
    const y = paddingPx + linePx * (index + 0.5) + fontPx * 0.35;
    return `<text x="${paddingPx}" y="${y}">${escapeXml(line)}</text>`;
  });
  return {
    svg: `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${bandPx}" ${sheetFont} font-size="${fontPx}" fill="#fff"><rect width="${widthPx}" height="${bandPx}" fill="#000" fill-opacity="${BAND_OPACITY}"/>${drawn.join('')}</svg>`,
    heightPx: bandPx,
  };
}
