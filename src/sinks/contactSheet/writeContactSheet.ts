import { access, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { writeAtomically } from '../writeAtomically.ts';
import { createPage } from './createPage.ts';
import { drawRow } from './drawRow.ts';
import { headSvg } from './headSvg.ts';
import { rowHeight } from './rowHeight.ts';
import type { SheetCell } from './SheetCell.ts';
import { sheetLayout } from './sheetLayout.ts';

/** Nobody looks at more on sheets, and they should take seconds to make, not minutes. */
const MAX_CELLS = 600;

/**
 * Writes `contact-sheet.jpg` into the run folder, and `contact-sheet-2.jpg`, … where a page is full. `total` is the number
 * of cells. A row is decoded at a time and drawn on the page, which is 24 MB at most. Of a very large run the first 600
 * pictures are shown. Rejects with `StorageError` where the disk refuses.
 */
export async function writeContactSheet(
  folder: string,
  cells: AsyncIterable<SheetCell>,
  total: number,
): Promise<void> {
  const shown = Math.min(total, MAX_CELLS);
  const layout = sheetLayout(shown);
  const { columns, cellPx, captionPx, widthPx, headPx, marginPx, maxHeightPx } = layout;
  const page = createPage(widthPx, maxHeightPx);
  const counts = shown < total ? `the first ${shown} of ${total}` : `${total} in all`;
  let number = 1;
  let top = headPx;
  const endPage = async (isLast: boolean) => {
    const note = isLast && number === 1 ? counts : `${counts} · page ${number}`;
    const { default: sharp } = await import('sharp');
    await page.put(sharp(Buffer.from(headSvg(basename(folder), note, layout))), { left: 0, top: 0 });
    await writeAtomically(pagePath(folder, number), await page.toJpeg(Math.min(maxHeightPx, top + marginPx)));
    page.clear();
    number += 1;
    top = headPx;
  };
  for await (const row of inRows(cells, columns, shown)) {
    const rowPx = rowHeight(row, cellPx) + captionPx;
    if (top + rowPx > maxHeightPx) await endPage(false);
    await drawRow(page, row, top, layout, folder);
    top += rowPx;
  }
  if (top > headPx) await endPage(true);
  await removePagesFrom(folder, number);
}

async function* inRows(
  cells: AsyncIterable<SheetCell>,
  columns: number,
  max: number,
): AsyncGenerator<SheetCell[]> {
  let row: SheetCell[] = [];
  let count = 0;
  for await (const cell of cells) {
    if (count === max) break;
    row.push(cell);
    count += 1;
    if (row.length < columns) continue;
    yield row;
    row = [];
  }
  if (row.length > 0) yield row;
}

function pagePath(folder: string, page: number): string {
  return join(folder, page === 1 ? 'contact-sheet.jpg' : `contact-sheet-${page}.jpg`);
}

/** Removes pages that an earlier, larger run left. */
async function removePagesFrom(folder: string, page: number): Promise<void> {
  for (let number = page; ; number += 1) {
    const path = pagePath(folder, number);
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (!isThere) return;
    await rm(path);
  }
}
