import type { LineageColumn, LineageNode } from './lineageTree.ts';

/** Beyond it the picture could not be drawn, or looked at. */
const MOST_HIGH_PX = 24_000;
const LARGEST_PX = 128;
const HEAD_PX = 116;
const FOOT_PX = 48;
const MARGIN_PX = 40;

/** Where a picture of the tree stands. */
export interface PlacedNode extends LineageNode {
  readonly x: number;
  readonly y: number;
}

export interface LineageLayout {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly marginPx: number;
  /** Side of a picture. */
  readonly cellPx: number;
  readonly fontPx: number;
  readonly columns: readonly {
    readonly round: number;
    readonly bestScore: number | null;
    readonly x: number;
    readonly nodes: readonly PlacedNode[];
  }[];
}

/** Places the columns of a lineage side by side, each in the middle of the height; many pictures are shown smaller. */
export function lineageLayout(columns: readonly LineageColumn[]): LineageLayout {
  const most = Math.max(1, ...columns.map(({ nodes }) => nodes.length));
  const cellPx = Math.max(16, Math.min(LARGEST_PX, Math.floor(MOST_HIGH_PX / most / 1.35)));
  const fontPx = Math.max(4, Math.round(cellPx * 0.11));
  // A picture, its caption, and some air.
  const rowPx = Math.round(cellPx * 1.28);
  const stepPx = Math.round(cellPx * 2.1);
  const bodyPx = most * rowPx;
  return {
    widthPx: Math.max(520, 2 * MARGIN_PX + (columns.length - 1) * stepPx + cellPx),
    heightPx: HEAD_PX + bodyPx + FOOT_PX,
    marginPx: MARGIN_PX,
    cellPx,
    fontPx,
    columns: columns.map(({ round, bestScore, nodes }, column) => {
      const x = MARGIN_PX + column * stepPx;
      const topPx = HEAD_PX + Math.round((bodyPx - nodes.length * rowPx) / 2);
      return {
        round,
        bestScore,
        x,
        nodes: nodes.map((node, row) => ({ ...node, x, y: topPx + row * rowPx })),
      };
    }),
  };
}
