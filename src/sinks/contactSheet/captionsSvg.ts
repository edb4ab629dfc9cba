import { escapeXml } from '../../escapeXml.ts';
import { wrapText } from '../../wrapText.ts';
import type { SheetCell } from './SheetCell.ts';
import { sheetFont } from './sheetFont.ts';
import type { SheetLayout } from './sheetLayout.ts';

/** The captions of a row: two lines below each picture. */
export function captionsSvg(cells: readonly SheetCell[], layout: SheetLayout): string {
  const { widthPx, fontPx, captionPx, marginPx, cellPx, gapPx } = layout;
  const fitted = (words: string): string => escapeXml(wrapText(words, cellPx / fontPx, 1)[0] ?? '');
  const drawn = cells.map(({ title, text }, column) => {
    const x = marginPx + column * (cellPx + gapPx);
    return `<text x="${x}" y="${fontPx * 1.5}" fill="#2b2b28">${fitted(title)}</text>
<text x="${x}" y="${fontPx * 2.85}" fill="#6f6d67">${fitted(text)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${captionPx}" ${sheetFont} font-size="${fontPx}">${drawn.join('')}</svg>`;
}
