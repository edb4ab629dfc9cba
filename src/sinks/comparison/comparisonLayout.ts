import type { SheetLayout } from '../contactSheet/sheetLayout.ts';

/** How a comparison lies on its pages: a contact sheet with room for a heading beside each row and above the columns. */
export interface ComparisonLayout extends SheetLayout {
  /** From the page's edge to the row's heading, and how wide that is. */
  readonly edgePx: number;
  readonly headingPx: number;
  /** Above the pictures of a page: its head and the names of the columns. */
  readonly topPx: number;
}

const MAX_PAGE_PIXELS = 12_000_000;

/** Few columns are shown large, many small; a page is at most 12 megapixels. */
export function comparisonLayout(columns: number): ComparisonLayout {
  const cellPx = columns <= 3 ? 420 : columns <= 6 ? 320 : 220;
  const gapPx = Math.round(cellPx / 16);
  const edgePx = gapPx * 2;
  const fontPx = Math.max(13, Math.round(cellPx / 20));
  const headingPx = Math.round(cellPx * 0.62);
  const marginPx = edgePx + headingPx + gapPx;
  const widthPx = marginPx + columns * cellPx + (columns - 1) * gapPx + edgePx;
  return {
    columns,
    cellPx,
    gapPx,
    marginPx,
    edgePx,
    headingPx,
    headPx: 96,
    topPx: 96 + Math.round(fontPx * 2.6),
    fontPx,
    captionPx: Math.round(fontPx * 2) + gapPx,
    widthPx,
    maxHeightPx: Math.floor(MAX_PAGE_PIXELS / widthPx),
  };
}
