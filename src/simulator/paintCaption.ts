export interface Caption {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly prompt: string;
  /** Small print below the prompt. */
  readonly note: string;
}

/** Width of an average letter as a part of the font size, with a little to spare. */
const LETTER_WIDTH = 0.54;
const MOST_LINES = 4;

/** An SVG layer with the prompt in legible letters on a darkened foot. */
export function paintCaption({ widthPx, heightPx, prompt, note }: Caption): string {
  const sizePx = Math.round(Math.min(widthPx, heightPx) / 30);
  const marginPx = Math.round(sizePx * 1.4);
  const lines = wrapped(prompt, Math.floor((widthPx - 2 * marginPx) / (sizePx * LETTER_WIDTH)));
  const footPx = Math.round(marginPx * 2.2 + sizePx * 1.35 * lines.length + sizePx);
  const topPx = heightPx - footPx + marginPx * 1.2 + sizePx;
  const text = lines.map(
    (line, place) =>
      `<text x="${marginPx}" y="${topPx + place * sizePx * 1.35}" font-size="${sizePx}">${escaped(line)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${heightPx}">
<defs><linearGradient id="foot" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#000" stop-opacity="0"/>
<stop offset="0.45" stop-color="#000" stop-opacity="0.55"/><stop offset="1" stop-color="#000" stop-opacity="0.78"/></linearGradient></defs>
<rect y="${heightPx - footPx}" width="${widthPx}" height="${footPx}" fill="url(#foot)"/>
<g fill="#fff" font-family="Inter, 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif">${text.join('')}
<text x="${marginPx}" y="${heightPx - marginPx * 0.8}" font-size="${Math.round(sizePx * 0.62)}" fill-opacity="0.72">${escaped(note)}</text></g></svg>`;
}

/** Lines of at most so many letters; what is too much ends in an ellipsis. */
function wrapped(text: string, maxLetters: number): string[] {
  const lines: string[] = [];
  for (const word of text.replace(/\p{C}/gu, ' ').split(/\s+/).filter(Boolean)) {
    const last = lines.at(-1);
    const longer = last === undefined ? word : `${last} ${word}`;
    if (last !== undefined && longer.length <= maxLetters) lines[lines.length - 1] = longer;
    else lines.push(word.slice(0, maxLetters));
  }
  if (lines.length <= MOST_LINES) return lines;
  const end = lines[MOST_LINES - 1] ?? '';
  return [...lines.slice(0, MOST_LINES - 1), `${end.slice(0, maxLetters - 2)} …`];
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
