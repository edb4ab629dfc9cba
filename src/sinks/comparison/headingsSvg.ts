import { escapeXml } from '../../escapeXml.ts';
import { wrapText } from '../../wrapText.ts';
import { sheetFont } from '../contactSheet/sheetFont.ts';
import type { ComparisonLayout } from './comparisonLayout.ts';

/** The names of the columns, above the pictures of a page. */
export function headingsSvg(columns: readonly string[], layout: ComparisonLayout): string {
  const { widthPx, topPx, headPx, fontPx, marginPx, cellPx, gapPx } = layout;
  const names = columns.map((column, place) => {
    const [words = ''] = wrapText(column, cellPx / fontPx, 1);
    const x = marginPx + place * (cellPx + gapPx);
    return `<text x="${x}" y="${fontPx * 1.3}" font-weight="600" fill="#2b2b28">${escapeXml(words)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${topPx - headPx}" ${sheetFont} font-size="${fontPx}">${names.join('')}</svg>`;
}
