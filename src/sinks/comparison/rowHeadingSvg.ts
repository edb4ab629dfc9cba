import { escapeXml } from '../../escapeXml.ts';
import { wrapText } from '../../wrapText.ts';
import { sheetFont } from '../contactSheet/sheetFont.ts';
import type { ComparisonLayout } from './comparisonLayout.ts';

/** The name of a row, in as many lines as its pictures are high. */
export function rowHeadingSvg(
  row: string,
  heightPx: number,
  { headingPx, fontPx }: ComparisonLayout,
): string {
  const linePx = fontPx * 1.35;
  const lines = wrapText(row, headingPx / fontPx, Math.max(1, Math.floor(heightPx / linePx)));
  const drawn = lines.map(
    (line, place) =>
      `<text x="0" y="${fontPx + place * linePx}" font-weight="600" fill="#2b2b28">${escapeXml(line)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${headingPx}" height="${heightPx}" ${sheetFont} font-size="${fontPx}">${drawn.join('')}</svg>`;
}
