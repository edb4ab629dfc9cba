import type { GridBox } from './Grid.ts';

/** A place on each axis, and last the number of the image; all 0-based. */
export type GridCell = readonly number[];

/**
 * The cells of a grid that grew, one at a time as they are asked for: those of the first box, then those that the second one
 * added, and so on, each time with the last place running fastest. So a cell has the same number however often the grid
 * grows, and what is never asked for costs nothing.
 *
 *     boxes [2, 2] then [2, 3]    00 01 10 11    02 12
 */
export function* gridCells(boxes: readonly GridBox[]): Generator<GridCell, void, void> {
  for (const [turn, box] of boxes.entries()) yield* beyond(boxes[turn - 1] ?? null, box, []);
}

/** The cells that begin with `cell`; without those inside the old box, which is null where `cell` is outside of it already. */
function* beyond(old: GridBox | null, box: GridBox, cell: GridCell): Generator<GridCell, void, void> {
  const axis = cell.length;
  const size = box[axis];
  if (size === undefined) {
    if (old === null) yield cell;
    return;
  }
  const oldSize = old?.[axis] ?? 0;
  // Where nothing grew behind this axis, all of the old places have been through.
  const hasNew = box.some((later, place) => place > axis && later > (old?.[place] ?? 0));
  for (let place = hasNew ? 0 : oldSize; place < size; place += 1) {
    yield* beyond(place < oldSize ? old : null, box, [...cell, place]);
  }
}
