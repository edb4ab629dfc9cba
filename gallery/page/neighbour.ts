import type { GridRow } from './layoutRows.ts';

/**
 * Returns the position to which an arrow key, Home or End moves from a tile; null for other keys.
 */
export function neighbour(key: string, position: number, rows: readonly GridRow[]): number | null {
  const last = rows.at(-1);
  if (last === undefined) return null;
  const end = last.first + last.tiles.length - 1;
  switch (key) {
    case 'ArrowRight':
      return Math.min(end, position + 1);
    case 'ArrowLeft':
      return Math.max(0, position - 1);
    case 'Home':
      return 0;
    case 'End':
      return end;
    case 'ArrowDown':
      return inRow(position, rows, 1);
    case 'ArrowUp':
      return inRow(position, rows, -1);
    default:
      return null;
  }
}

/** Returns the position of the tile in the same column of another row. */
function inRow(position: number, rows: readonly GridRow[], by: 1 | -1): number {
  const here = rows.findLastIndex(({ first }) => first <= position);
  const there = rows[here + by];
  const column = position - (rows[here]?.first ?? 0);
  return there === undefined ? position : there.first + Math.min(column, there.tiles.length - 1);
}
