import { join } from 'node:path';
import { captionsSvg } from './captionsSvg.ts';
import type { Page } from './createPage.ts';
import { frameSvg } from './frameSvg.ts';
import { rowHeight } from './rowHeight.ts';
import type { SheetCell } from './SheetCell.ts';
import type { SheetLayout } from './sheetLayout.ts';

/** Draws a row on a page: the pictures, or why there are none, and their captions. One that cannot be read leaves its place empty. */
export async function drawRow(
  page: Page,
  cells: readonly SheetCell[],
  topPx: number,
  layout: SheetLayout,
  folder: string,
): Promise<void> {
  const { default: sharp } = await import('sharp');
  const { cellPx, marginPx, gapPx } = layout;
  const heightPx = rowHeight(cells, cellPx);
  const bottom = topPx + heightPx;
  const drawn = cells.map(async ({ picture, reason }, column) => {
    const left = marginPx + column * (cellPx + gapPx);
    const shown =
      picture === null
        ? sharp(Buffer.from(frameSvg(reason, heightPx, layout)))
        : sharp(join(folder, picture), { autoOrient: true }).resize({
            width: cellPx,
            height: cellPx,
            fit: 'inside',
          });
    // Pictures stand on the line above their captions.
    await page.put(shown, { left, bottom }).catch(() => {});
  });
  await Promise.all(drawn);
  await page.put(sharp(Buffer.from(captionsSvg(cells, layout))), { left: 0, top: bottom });
}
