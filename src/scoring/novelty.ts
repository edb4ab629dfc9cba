import type { Measure, Pixels } from './measures.ts';

/** Unrelated pictures differ in about half of the 64 bits. */
const UNRELATED_BITS = 32;

/**
 * How unlike a picture is to all that this measure has rated before: the fewest bits in which its hash (`pictureHash`) differs from
 * theirs, over 32 and at most 1. 1 for the first picture, 0 for a near duplicate of an earlier one. It depends on the order of the
 * pictures, so rate them one after the other where it should be the same each time. Memory: 8 bytes a picture.
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
 * Tells pictures that look alike by 64 bits: whether each of 9 x 8 areas is darker than the one on its right. Resizing, encoding and
 * small changes of colour flip few of them; unrelated pictures differ in about 32.
 *
 * Krawetz, "Kind of like that" (dHash), 2013, https://www.hackerfactor.com/blog/?/archives/529-Kind-of-Like-That.html
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

/** Of an area that holds a pixel at least. */
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

/** Bits in which two picture hashes differ: 0 to 64. */
export function hashDistance(a: bigint, b: bigint): number {
  let differing = a ^ b;
  let count = 0;
  for (; differing !== 0n; differing &= differing - 1n) count += 1;
  return count;
}
