/** A row of tiles, from the left. */
export interface GridRow {
  /** Index of its first tile among all tiles. */
  readonly first: number;
  readonly top: number;
  /** Height of the images, without captions. */
  readonly heightPx: number;
  readonly tiles: readonly { readonly left: number; readonly widthPx: number }[];
}

export interface GridLayout {
  readonly rows: readonly GridRow[];
  readonly heightPx: number;
}

export interface GridMeasures {
  readonly widthPx: number;
  /** Desired height of a row. */
  readonly rowHeightPx: number;
  readonly gapPx: number;
  /** Height of the caption below each image. */
  readonly captionPx: number;
}

/** Smallest aspect ratio of a tile: a narrower image gets borders. */
const NARROWEST = 0.56;
/** Largest aspect ratio of a tile: a wider image gets borders. */
const WIDEST = 2.4;

/**
 * Lays out tiles in rows that fill the width, each in its own aspect ratio. Each row takes as many
 * tiles as fit at about the desired height and is then stretched to the edge. The last row keeps
 * the desired height.
 */
export function layoutRows(ratios: readonly number[], measures: GridMeasures): GridLayout {
  const { widthPx, rowHeightPx, gapPx, captionPx } = measures;
  const rows: GridRow[] = [];
  let top = 0;
  let first = 0;
  let sum = 0;
  const shapes = ratios.map((ratio) => Math.min(WIDEST, Math.max(NARROWEST, ratio)));
  /** Returns the height of a row that ends before `end` and fills the width. */
  const heightOf = (end: number, ratios: number) => (widthPx - gapPx * (end - first - 1)) / ratios;
  const endRow = (end: number, heightPx: number) => {
    let left = 0;
    const tiles = shapes.slice(first, end).map((ratio) => {
      const tile = { left, widthPx: Math.floor(ratio * heightPx) };
      left += tile.widthPx + gapPx;
      return tile;
    });
    rows.push({ first, top, heightPx: Math.floor(heightPx), tiles });
    top += Math.floor(heightPx) + captionPx + gapPx;
    first = end;
    sum = 0;
  };
  for (const [index, ratio] of shapes.entries()) {
    const before = index === first ? Number.POSITIVE_INFINITY : heightOf(index, sum);
    sum += ratio;
    const after = heightOf(index + 1, sum);
    if (after > rowHeightPx) continue;
    // With this tile the row is too low, without it too high: take the smaller deviation.
    if (before / rowHeightPx < rowHeightPx / after) {
      endRow(index, before);
      sum = ratio;
    } else {
      endRow(index + 1, after);
    }
  }
  if (first < shapes.length) {
    endRow(shapes.length, Math.min(rowHeightPx, heightOf(shapes.length, sum)));
  }
  return { rows, heightPx: Math.max(0, top - gapPx) };
}
