/** A row of tiles, from the left; `first` is the place of its first one among all. */
export interface GridRow {
  readonly first: number;
  readonly top: number;
  /** Of the pictures, without captions. */
  readonly heightPx: number;
  readonly tiles: readonly { readonly left: number; readonly widthPx: number }[];
}

export interface GridLayout {
  readonly rows: readonly GridRow[];
  readonly heightPx: number;
}

export interface GridMeasures {
  readonly widthPx: number;
  /** About how high rows become. */
  readonly rowHeightPx: number;
  readonly gapPx: number;
  /** Below each picture. */
  readonly captionPx: number;
}

/** Panoramas and towers are shown with a border rather than thinner than this. */
const NARROWEST = 0.56;
const WIDEST = 2.4;

/**
 * Lays tiles out in rows that fill the width, each picture in its own shape: as many to a row as fit at about the wanted
 * height, the row then stretched to the edge. The last row keeps the wanted height.
 */
export function layoutRows(ratios: readonly number[], measures: GridMeasures): GridLayout {
  const { widthPx, rowHeightPx, gapPx, captionPx } = measures;
  const rows: GridRow[] = [];
  let top = 0;
  let first = 0;
  let sum = 0;
  const shapes = ratios.map((ratio) => Math.min(WIDEST, Math.max(NARROWEST, ratio)));
  /** How high the row is that ends before `end` and fills the width. */
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
  for (const [place, ratio] of shapes.entries()) {
    const before = place === first ? Number.POSITIVE_INFINITY : heightOf(place, sum);
    sum += ratio;
    const after = heightOf(place + 1, sum);
    if (after > rowHeightPx) continue;
    // Either this tile makes the row too low, or without it the row is too high: the smaller fault is taken.
    if (before / rowHeightPx < rowHeightPx / after) {
      endRow(place, before);
      sum = ratio;
    } else {
      endRow(place + 1, after);
    }
  }
  if (first < shapes.length) {
    endRow(shapes.length, Math.min(rowHeightPx, heightOf(shapes.length, sum)));
  }
  return { rows, heightPx: Math.max(0, top - gapPx) };
}
