import type { RefinementCandidate, RefinementHistory } from './history.ts';

/** Beyond it the picture could not be drawn, or looked at. */
const MOST_HIGH_PX = 24_000;
const WIDEST_PX = 176;
/** Room for a caption and some air, by the width of the picture. */
const CAPTION = 0.2;
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
  /** Of a picture. */
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
 * Places the columns of a lineage side by side, the best on top; many pictures are shown smaller. `aspect` is the width of the
 * pictures over their height.
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

/** A picture in a column of the tree. */
interface LineageNode extends Pick<RefinementCandidate, 'index' | 'status' | 'score' | 'path' | 'kept'> {
  /** Where its line begins in the column before: at its parent, or at itself where it was kept; null in the first. */
  readonly from: number | null;
  /** Whether it was made in an earlier round. */
  readonly isCarried: boolean;
  /** Among the best in the end; null where it is not, and in all columns but the last. */
  readonly rank: number | null;
}

export interface LineageColumn {
  readonly round: number;
  readonly bestScore: number | null;
  /** The best first. */
  readonly nodes: readonly LineageNode[];
}

/** The rounds of a refinement as columns: what was kept so far and what was made of it, ranked together. */
export function lineageTree({ rounds }: RefinementHistory): readonly LineageColumn[] {
  return rounds.map(({ round, bestScore, candidates }, place) => {
    const isLast = place === rounds.length - 1;
    const nodes = candidates.map(({ index, parent, status, score, path, kept, rank, round: madeIn }) => {
      const isCarried = madeIn !== round;
      const from = isCarried ? index : parent;
      return { index, status, score, path, kept, isCarried, from, rank: isLast && kept ? rank : null };
    });
    return { round, bestScore, nodes };
  });
}
