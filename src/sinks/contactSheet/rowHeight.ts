import type { SheetCell } from './SheetCell.ts';

/** How high the pictures of a row are: as the highest of them, fitted into its square. */
export function rowHeight(cells: readonly SheetCell[], cellPx: number): number {
  return Math.max(...cells.map(({ ratio }) => Math.min(cellPx, Math.ceil(cellPx / ratio))));
}
