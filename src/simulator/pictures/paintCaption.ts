import { escapeXml } from '../../escapeXml.ts';
import { wrapText } from '../../wrapText.ts';

export interface Caption {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly prompt: string;
  /** Small print below the prompt. */
  readonly note: string;
  /** Hides what is below it, for pictures over images that may have a caption of their own. Default false. */
  readonly isOpaque?: boolean;
}

const MAX_LINES = 4;
const LINE_HEIGHT = 1.36;
/** Font size of the note as a part of the prompt's. */
const NOTE_SIZE = 0.62;

/** An SVG layer with the prompt in legible letters on a darkened foot, cut to a few lines. */
export function paintCaption({ widthPx, heightPx, prompt, note, isOpaque = false }: Caption): string {
  const sizePx = Math.round(Math.sqrt(widthPx * heightPx) / 31);
  const marginPx = Math.round(sizePx * 1.5);
  const lines = wrapText(prompt, (widthPx - 2 * marginPx) / sizePx, MAX_LINES);
  const noteY = Math.round(heightPx - marginPx * 0.9);
  const lastLineY = noteY - sizePx * 1.45;
  const footPx = Math.round(marginPx * 3 + sizePx * LINE_HEIGHT * (lines.length + 1));
  const foot = isOpaque ? { from: 0.24, upper: 0.95, lower: 0.97 } : { from: 0.45, upper: 0.5, lower: 0.78 };
  const texts = lines.map((line, place) => {
    const y = Math.round(lastLineY - (lines.length - 1 - place) * sizePx * LINE_HEIGHT);
    return `<text x="${marginPx}" y="${y}" font-size="${sizePx}">${escapeXml(line)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${heightPx}">
<defs><linearGradient id="foot" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#05060a" stop-opacity="0"/>
<stop offset="${foot.from}" stop-color="#05060a" stop-opacity="${foot.upper}"/><stop offset="1" stop-color="#05060a" stop-opacity="${foot.lower}"/></linearGradient></defs>
<rect y="${heightPx - footPx}" width="${widthPx}" height="${footPx}" fill="url(#foot)"/>
<g fill="#fff" font-family="Inter, 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif">${texts.join('')}
<text x="${marginPx}" y="${noteY}" font-size="${Math.round(sizePx * NOTE_SIZE)}" fill-opacity="0.75">${escapeXml(note)}</text></g></svg>`;
}
