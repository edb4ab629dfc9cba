import type { GridRow } from './layoutRows.ts';

/** The rows of which something lies between two heights; `captionPx` is what hangs below each. */
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

/** The place of the first row that fits; from there on all do. */
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
