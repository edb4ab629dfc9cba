import type { RefinementCandidate, RefinementHistory } from './history.ts';

/**
 * Height of the drawing, at most: sharp cannot render a much higher one, and nothing in it would be
 * recognisable.
 */
const MOST_HIGH_PX = 24_000;
const WIDEST_PX = 176;
/** Height of a caption and its margin, as a fraction of the image width. */
const CAPTION = 0.2;
const HEAD_PX = 116;
const FOOT_PX = 48;
const MARGIN_PX = 40;

/** A candidate at its position in the drawing. */
export interface PlacedNode extends LineageNode {
  readonly x: number;
  readonly y: number;
}

export interface LineageLayout {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly marginPx: number;
  /** Width of an image. */
  readonly cellWidthPx: number;
  readonly cellHeightPx: number;
  readonly fontPx: number;
  readonly columns: readonly {
    readonly round: number;
    readonly bestScore: number | null;
    readonly x: number;
    readonly nodes: readonly PlacedNode[];
  }[];
}

/**
 * Lays out the columns of a lineage side by side, the best candidates on top; many candidates are
 * shown smaller. `aspect` is the width of the images over their height.
 */
export function lineageLayout(columns: readonly LineageColumn[], aspect: number): LineageLayout {
  const most = Math.max(1, ...columns.map(({ nodes }) => nodes.length));
  const rowOf = (widthPx: number) => Math.round(widthPx / aspect + CAPTION * widthPx);
  const cellWidthPx = Math.max(
    16,
    Math.min(WIDEST_PX, Math.floor(MOST_HIGH_PX / most / (1 / aspect + CAPTION))),
  );
  const rowPx = rowOf(cellWidthPx);
  const stepPx = Math.round(cellWidthPx * 1.8);
  return {
    widthPx: Math.max(520, 2 * MARGIN_PX + (columns.length - 1) * stepPx + cellWidthPx),
    heightPx: HEAD_PX + most * rowPx + FOOT_PX,
    marginPx: MARGIN_PX,
    cellWidthPx,
    cellHeightPx: Math.round(cellWidthPx / aspect),
    fontPx: Math.max(4, Math.round(cellWidthPx * 0.075)),
    columns: columns.map(({ round, bestScore, nodes }, column) => {
      const x = MARGIN_PX + column * stepPx;
      return {
        round,
        bestScore,
        x,
        nodes: nodes.map((node, row) => ({ ...node, x, y: HEAD_PX + row * rowPx })),
      };
    }),
  };
}

/** A candidate in a column of the tree. */
interface LineageNode extends Pick<RefinementCandidate, 'index' | 'status' | 'score' | 'path' | 'kept'> {
  /**
   * Index of the node in the previous column that a line leads from: its parent, or itself if it
   * was kept; null in the first.
   */
  readonly from: number | null;
  /** True if an earlier round made it. */
  readonly isCarried: boolean;
  /** Final rank of a kept candidate; null for others, and in all columns but the last. */
  readonly rank: number | null;
}

export interface LineageColumn {
  readonly round: number;
  readonly bestScore: number | null;
  /** Sorted by score, the best first. */
  readonly nodes: readonly LineageNode[];
}

/**
 * Returns the rounds of a refinement as columns: kept candidates and the new ones made from them,
 * ranked together.
 */
export function lineageTree({ rounds }: RefinementHistory): readonly LineageColumn[] {
  return rounds.map(({ round, bestScore, candidates }, index) => {
    const isLast = index === rounds.length - 1;
    const nodes = candidates.map(({ index: job, parent, status, score, path, kept, rank, round: madeIn }) => {
      const isCarried = madeIn !== round;
      const from = isCarried ? job : parent;
      return { index: job, status, score, path, kept, isCarried, from, rank: isLast && kept ? rank : null };
    });
    return { round, bestScore, nodes };
  });
}
