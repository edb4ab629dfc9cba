import type { Color } from 'culori';
import { requirePackage } from '../disk/storageError.ts';
import { UsageError } from '../errors.ts';
import type { Measure, Pixels } from './measures.ts';

/** Images are compared in 24 x 24 areas, each by its mean colour. */
const AREAS = 24;
/**
 * The difference that rates 0. For comparison: pure red and pure green are 87 apart, neighbours in
 * a fan deck 5.
 */
const FAR = 50;

/**
 * Creates a measure of how close an image is to the colours of a brand: the mean over its areas of
 * the CIEDE2000 difference to the nearest colour, as 1 - mean/50, at least 0. It is 1 if every area
 * has a colour of the palette.
 *
 * Throws `UsageError` if a colour is no CSS colour. Sharma, Wu and Dalal, "The CIEDE2000
 * color-difference formula", 2005,
 * https://doi.org/10.1002/col.20070
 */
export function palette(colours: readonly string[]): Measure {
  const wanted = colours.map(colourOf);
  if (wanted.length === 0) throw new UsageError('Expected at least one colour for a palette, got none');
  const difference = culori().differenceCiede2000();
  return (pixels) => {
    const areas = areasOf(pixels);
    const differences = areas.map((area) => Math.min(...wanted.map((colour) => difference(colour, area))));
    const mean = differences.reduce((sum, value) => sum + value, 0) / areas.length;
    return Math.max(0, 1 - mean / FAR);
  };
}

function culori(): typeof import('culori') {
  return requirePackage('culori');
}

function colourOf(text: string): Color {
  const colour = culori().parse(text);
  if (colour !== undefined) return colour;
  throw new UsageError(`Expected a colour such as #ff6600, got ${text}`);
}

/** Computes the mean colours of the areas of an image. A small image has an area for each pixel. */
function areasOf({ widthPx, heightPx, rgb }: Pixels): Color[] {
  const columns = Math.min(AREAS, widthPx);
  const rows = Math.min(AREAS, heightPx);
  const sums = Array.from({ length: columns * rows }, () => ({ r: 0, g: 0, b: 0, count: 0 }));
  for (let y = 0; y < heightPx; y += 1) {
    for (let x = 0; x < widthPx; x += 1) {
      const sum = sums[Math.floor((y * rows) / heightPx) * columns + Math.floor((x * columns) / widthPx)];
      if (sum === undefined) continue;
      const at = (y * widthPx + x) * 3;
      sum.r += rgb[at] ?? 0;
      sum.g += rgb[at + 1] ?? 0;
      sum.b += rgb[at + 2] ?? 0;
      sum.count += 1;
    }
  }
  return sums.map(({ r, g, b, count }) => {
    const scale = 1 / (255 * count);
    return { mode: 'rgb', r: r * scale, g: g * scale, b: b * scale };
  });
}
