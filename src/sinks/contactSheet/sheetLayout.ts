/** How the pictures of a run lie on its contact sheet; lengths in pixels. */
export interface SheetLayout {
  readonly columns: number;
  /** Longest side of a picture. */
  readonly cellPx: number;
  readonly gapPx: number;
  readonly marginPx: number;
  /** Head of every page. */
  readonly headPx: number;
  /** Letters of the captions. */
  readonly fontPx: number;
  /** Below each row of pictures, the gap to the next one included. */
  readonly captionPx: number;
  readonly widthPx: number;
  /** A page is not higher. */
  readonly maxHeightPx: number;
}

/** A page beyond this is unwieldy for whoever gets it by mail: 1 to 3 MB as JPEG. */
const MAX_PAGE_PIXELS = 8_000_000;

/** Few pictures are shown large, many small; what does not fit on a page of 8 megapixels goes on the next. */
export function sheetLayout(pictures: number): SheetLayout {
  const columns = Math.min(12, Math.max(2, Math.ceil(Math.sqrt(pictures))));
  const cellPx = columns <= 5 ? 400 : columns <= 8 ? 300 : 220;
  const gapPx = Math.round(cellPx / 15);
  const marginPx = gapPx * 2;
  const fontPx = Math.max(13, Math.round(cellPx / 20));
  const widthPx = 2 * marginPx + columns * cellPx + (columns - 1) * gapPx;
  return {
    columns,
    cellPx,
    gapPx,
    marginPx,
    headPx: 96,
    fontPx,
    captionPx: Math.round(fontPx * 3.4) + gapPx,
    widthPx,
    maxHeightPx: Math.floor(MAX_PAGE_PIXELS / widthPx),
  };
}
