import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Outcome } from '../../types.ts';
import { createPage } from '../contactSheet/createPage.ts';
import { drawRow } from '../contactSheet/drawRow.ts';
import { headSvg } from '../contactSheet/headSvg.ts';
import { rowHeight } from '../contactSheet/rowHeight.ts';
import type { SheetCell } from '../contactSheet/SheetCell.ts';
import { writeAtomically } from '../writeAtomically.ts';
import { type ComparisonAxes, comparisonCells } from './comparisonCells.ts';
import { comparisonLayout } from './comparisonLayout.ts';
import { headingsSvg } from './headingsSvg.ts';
import { rowHeadingSvg } from './rowHeadingSvg.ts';

const nothing: SheetCell = { picture: null, ratio: 1, reason: '–', title: '', text: '' };

/** More columns would be too small to compare. */
const MAX_COLUMNS = 12;

/**
 * Writes `comparison-grid.jpg` into the run folder, and `comparison-grid-2.jpg`, … where a page is full: a row for each value of one
 * tag, a column for each of another (the first 12), with the names of both. A row is decoded at a time and drawn on the page, which
 * is 36 MB at most. Rejects with `StorageError` where the disk refuses.
 */
export async function writeComparisonGrid(
  folder: string,
  outcomes: AsyncIterable<Outcome>,
  axes: ComparisonAxes,
): Promise<void> {
  const { rows, columns: all, at } = await comparisonCells(outcomes, axes);
  const columns = all.slice(0, MAX_COLUMNS);
  if (rows.length === 0) return;
  const { default: sharp } = await import('sharp');
  const layout = comparisonLayout(columns.length);
  const { widthPx, maxHeightPx, topPx, headPx, edgePx, cellPx, captionPx } = layout;
  const page = createPage(widthPx, maxHeightPx);
  const note = `${rows.length} x ${all.length}`;
  let number = 1;
  let top = topPx;
  const endPage = async () => {
    const name = headSvg(basename(folder), number === 1 ? note : `${note} · page ${number}`, {
      ...layout,
      marginPx: edgePx,
    });
    await page.put(sharp(Buffer.from(name)), { left: 0, top: 0 });
    await page.put(sharp(Buffer.from(headingsSvg(columns, layout))), { left: 0, top: headPx });
    await writeAtomically(pagePath(folder, number), await page.toJpeg(Math.min(maxHeightPx, top + edgePx)));
    page.clear();
    number += 1;
    top = topPx;
  };
  for (const row of rows) {
    const cells = columns.map((column) => at(row, column) ?? nothing);
    const heightPx = rowHeight(cells, cellPx);
    if (top + heightPx + captionPx > maxHeightPx) await endPage();
    await drawRow(page, cells, top, layout, folder);
    const heading = rowHeadingSvg(row, heightPx, layout);
    await page.put(sharp(Buffer.from(heading)), { left: edgePx, top });
    top += heightPx + captionPx;
  }
  await endPage();
  await removePagesFrom(folder, number);
}

function pagePath(folder: string, page: number): string {
  return join(folder, page === 1 ? 'comparison-grid.jpg' : `comparison-grid-${page}.jpg`);
}

/** Removes pages that an earlier, larger run left. */
async function removePagesFrom(folder: string, page: number): Promise<void> {
  for (let number = page; ; number += 1) {
    const gone = await rm(pagePath(folder, number)).then(
      () => true,
      () => false,
    );
    if (!gone) return;
  }
}
