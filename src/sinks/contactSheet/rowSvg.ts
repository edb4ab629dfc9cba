import { escapeXml } from '../../escapeXml.ts';
import { wrapText } from '../../wrapText.ts';
import { rowHeight } from './rowHeight.ts';
import type { SheetCell } from './SheetCell.ts';
import { sheetFont } from './sheetFont.ts';
import type { SheetLayout } from './sheetLayout.ts';

/** The captions of a row, and a frame with the reason where there is no picture: what lies below the pictures. */
export function rowSvg(cells: readonly SheetCell[], layout: SheetLayout): string {
  const { widthPx, fontPx, captionPx, marginPx, cellPx, gapPx } = layout;
  const heightPx = rowHeight(cells, cellPx);
  const drawn = cells.map((cell, column) => {
    const x = marginPx + column * (cellPx + gapPx);
    return `${cell.picture === null ? frameSvg(cell, x, heightPx, layout) : ''}${captionSvg(cell, x, heightPx, layout)}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${heightPx + captionPx}" ${sheetFont} font-size="${fontPx}">${drawn.join('')}</svg>`;
}

function frameSvg({ reason }: SheetCell, x: number, heightPx: number, layout: SheetLayout): string {
  const { cellPx } = layout;
  return `<rect x="${x + 0.5}" y="0.5" width="${cellPx - 1}" height="${heightPx - 1}" fill="#f1efea" stroke="#d9d6cf"/>
<text x="${x + cellPx / 2}" y="${heightPx / 2}" text-anchor="middle" fill="#8a3b2e">${line(reason, layout)}</text>`;
}

function captionSvg({ title, text }: SheetCell, x: number, heightPx: number, layout: SheetLayout): string {
  const { fontPx } = layout;
  return `<text x="${x}" y="${heightPx + fontPx * 1.5}" fill="#2b2b28">${line(title, layout)}</text>
<text x="${x}" y="${heightPx + fontPx * 2.85}" fill="#6f6d67">${line(text, layout)}</text>`;
}

function line(words: string, { cellPx, fontPx }: SheetLayout): string {
  return escapeXml(wrapText(words, cellPx / fontPx, 1)[0] ?? '');
}
