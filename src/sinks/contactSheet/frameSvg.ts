import { escapeXml } from '../../escapeXml.ts';
import { wrapText } from '../../wrapText.ts';
import { sheetFont } from './sheetFont.ts';
import type { SheetLayout } from './sheetLayout.ts';

/** What stands where there is no picture: a frame with the reason. */
export function frameSvg(reason: string, heightPx: number, { cellPx, fontPx }: SheetLayout): string {
  const [words = ''] = wrapText(reason, cellPx / fontPx, 1);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${cellPx}" height="${heightPx}" ${sheetFont} font-size="${fontPx}">
<rect x="0.5" y="0.5" width="${cellPx - 1}" height="${heightPx - 1}" fill="#f1efea" stroke="#d9d6cf"/>
<text x="${cellPx / 2}" y="${heightPx / 2}" text-anchor="middle" fill="#8a3b2e">${escapeXml(words)}</text></svg>`;
}
