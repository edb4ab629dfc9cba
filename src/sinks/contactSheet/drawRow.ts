import { join } from 'node:path';
import type { Page } from './createPage.ts';
import { rowHeight } from './rowHeight.ts';
import { rowSvg } from './rowSvg.ts';
import type { SheetCell } from './SheetCell.ts';
import type { SheetLayout } from './sheetLayout.ts';

/** Draws a row on a page: captions first, then the pictures. One that cannot be read leaves its place empty. */
export async function drawRow(
  page: Page,
  cells: readonly SheetCell[],
  topPx: number,
  layout: SheetLayout,
  folder: string,
): Promise<void> {
  const { default: sharp } = await import('sharp');
  const { cellPx, marginPx, gapPx } = layout;
  await page.put(sharp(Buffer.from(rowSvg(cells, layout))), { left: 0, top: topPx });
  // Pictures stand on the line above their captions.
  const bottom = topPx + rowHeight(cells, cellPx);
  const drawn = cells.map(async ({ picture }, column) => {
    if (picture === null) return;
    const fitted = sharp(join(folder, picture), { autoOrient: true }).resize({
      width: cellPx,
      height: cellPx,
      fit: 'inside',
    });
    await page.put(fitted, { left: marginPx + column * (cellPx + gapPx), bottom }).catch(() => {});
  });
  await Promise.all(drawn);
}
