import { escapeXml } from '../escapeXml.ts';
import { wrapText } from '../wrapText.ts';
import { sheetFont } from './contactSheet/sheetFont.ts';

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
export interface CaptionBand {
  readonly svg: string;
  readonly heightPx: number;
}

/**
 * The caption of a rendition of this size: white letters on a dark, half transparent band, in at most three lines; the rest of
 * a longer text is an ellipsis.
 */
export function captionBand(text: string, widthPx: number, heightPx: number): CaptionBand {
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
