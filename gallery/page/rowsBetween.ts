import type { GridRow } from './layoutRows.ts';

/**
 * Returns the rows that overlap a vertical range, in pixels; `captionPx` is the height of the
 * captions below each row.
 */
export function rowsBetween(
  rows: readonly GridRow[],
  fromPx: number,
  toPx: number,
  captionPx: number,
): readonly GridRow[] {
  const start = firstWhere(rows, ({ top, heightPx }) => top + heightPx + captionPx >= fromPx);
  const end = firstWhere(rows, ({ top }) => top > toPx);
  return rows.slice(start, end);
}

/** Returns the index of the first row that fits, by binary search: all rows after it fit too. */
function firstWhere(rows: readonly GridRow[], fits: (row: GridRow) => boolean): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = rows[middle];
    if (row !== undefined && fits(row)) high = middle;
    else low = middle + 1;
  }
  return low;
}
