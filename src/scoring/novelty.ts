import type { Measure, Pixels } from './measures.ts';

/** Unrelated images differ in about half of the 64 bits. */
const UNRELATED_BITS = 32;

/**
 * Creates a measure of how different an image is from all images that it has rated before: the
 * fewest bits in which its hash (`pictureHash`) differs from theirs, over 32 and at most 1. The
 * first image rates 1, a near duplicate of an earlier one 0. Ratings depend on the order of the
 * images: rate one after the other if they should be reproducible. Memory: 8 bytes an image.
 */
export function createNovelty(): Measure {
  const seen: bigint[] = [];
  return (pixels) => {
    const hash = pictureHash(pixels);
    const nearest = seen.reduce((least, other) => Math.min(least, hashDistance(hash, other)), UNRELATED_BITS);
    seen.push(hash);
    return nearest / UNRELATED_BITS;
  };
}

const COLUMNS = 9;
const ROWS = 8;

/**
 * Hashes an image to 64 bits so that images that look alike have similar hashes. Of 9 x 8 areas, a
 * bit is set if an area is darker than the one on its right. Resizing, encoding and small changes
 * of colour flip few bits; unrelated images differ in about 32.
 *
 * Krawetz, "Kind of like that" (dHash), 2013,
 * https://www.hackerfactor.com/blog/?/archives/529-Kind-of-Like-That.html
 */
export function pictureHash({ widthPx, heightPx, grey }: Pixels): bigint {
  const cells = Array.from({ length: COLUMNS * ROWS }, (_, cell) => {
    const [column, row] = [cell % COLUMNS, Math.floor(cell / COLUMNS)];
    return meanOf(grey, widthPx, {
      left: edge(column, COLUMNS, widthPx),
      right: edge(column + 1, COLUMNS, widthPx),
      top: edge(row, ROWS, heightPx),
      bottom: edge(row + 1, ROWS, heightPx),
    });
  });
  let bits = 0n;
  cells.forEach((cell, at) => {
    if (at % COLUMNS === COLUMNS - 1) return;
    bits = (bits << 1n) | (cell < (cells[at + 1] ?? 0) ? 1n : 0n);
  });
  return bits;
}

function edge(part: number, parts: number, sidePx: number): number {
  return Math.floor((part * sidePx) / parts);
}

interface Area {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Computes the mean grey of an area, of one pixel at least. */
function meanOf(grey: Float32Array, widthPx: number, { left, right, top, bottom }: Area): number {
  let sum = 0;
  let count = 0;
  for (let y = top; y < Math.max(bottom, top + 1); y += 1) {
    for (let x = left; x < Math.max(right, left + 1); x += 1) {
      sum += grey[y * widthPx + x] ?? 0;
      count += 1;
    }
  }
  return sum / count;
}

/** Counts the bits in which two image hashes differ, 0 to 64. */
export function hashDistance(a: bigint, b: bigint): number {
  let differing = a ^ b;
  let count = 0;
  for (; differing !== 0n; differing &= differing - 1n) count += 1;
  return count;
}
