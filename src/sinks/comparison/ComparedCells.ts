import type { SheetCell } from '../contactSheet/SheetCell.ts';

/** What a comparison shows: a cell for each row in each column, where there is one. */
export interface ComparedCells {
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  at(row: string, column: string): SheetCell | undefined;
}
