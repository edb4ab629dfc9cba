/** Rates an image by its pixels: 0 to 1, higher is better. */
export type Measure = (pixels: Pixels) => number;

/** An image as measures get it: small, upright, sRGB, without transparency. */
export interface Pixels {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Red, green and blue of each pixel, row by row; 0 to 255. */
  readonly rgb: Uint8Array;
  /** Luma of each pixel (Rec. 601, https://www.itu.int/rec/R-REC-BT.601); 0 to 255, not rounded. */
  readonly grey: Float32Array;
}

/** Computes mean and population variance in two passes; both are 0 if there are no values. */
function spread(values: ArrayLike<number>): { readonly mean: number; readonly variance: number } {
  const { length } = values;
  if (length === 0) return { mean: 0, variance: 0 };
  let sum = 0;
  for (let at = 0; at < length; at += 1) sum += values[at] ?? 0;
  const mean = sum / length;
  let squares = 0;
  for (let at = 0; at < length; at += 1) squares += ((values[at] ?? 0) - mean) ** 2;
  return { mean, variance: squares / length };
}

/** Variance at which an image rates one half: about that of a photograph in focus, 512 px wide. */
const HALF = 500;

/**
 * Rates how sharp an image is: the variance v of its Laplacian (4-neighbour, over grey 0…255), as v
 * / (v + 500). 0 means flat or blurred beyond recognition; the more fine edges (noise included),
 * the closer to 1.
 *
 * Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", ICPR 2000,
 * https://doi.org/10.1109/ICPR.2000.903548
 */
export function sharpness({ widthPx, heightPx, grey }: Pixels): number {
  if (widthPx < 3 || heightPx < 3) return 0;
  const laplacian = new Float32Array((widthPx - 2) * (heightPx - 2));
  let index = 0;
  for (let y = 1; y < heightPx - 1; y += 1) {
    for (let x = 1; x < widthPx - 1; x += 1) {
      const at = y * widthPx + x;
      const around =
        (grey[at - 1] ?? 0) + (grey[at + 1] ?? 0) + (grey[at - widthPx] ?? 0) + (grey[at + widthPx] ?? 0);
      laplacian[index++] = around - 4 * (grey[at] ?? 0);
    }
  }
  const { variance } = spread(laplacian);
  return variance / (variance + HALF);
}

/**
 * Rates RMS contrast: the standard deviation of grey (0…255) over 127.5, its maximum. 0 means a
 * single grey, 1 half black and half white.
 *
 * Peli, "Contrast in complex images", J. Opt. Soc. Am. A 7 (1990),
 * https://doi.org/10.1364/JOSAA.7.002032
 */
export function contrast({ grey }: Pixels): number {
  return Math.min(1, Math.sqrt(spread(grey).variance) / 127.5);
}

/**
 * Rates the amount of detail: the entropy of the histogram of grey in 256 steps, -Σ p log2 p, over
 * its maximum of 8 bits. 0 means a single grey, 1 all greys equally often.
 *
 * Shannon, "A mathematical theory of communication", 1948,
 * https://doi.org/10.1002/j.1538-7305.1948.tb01338.x
 */
export function entropy({ grey }: Pixels): number {
  const counts = new Uint32Array(256);
  for (const value of grey) {
    const step = Math.min(255, Math.round(value));
    counts[step] = (counts[step] ?? 0) + 1;
  }
  let bits = 0;
  for (const count of counts) {
    if (count === 0) continue;
    const share = count / grey.length;
    bits -= share * Math.log2(share);
  }
  return bits / 8;
}

/** The value of images that people called "extremely colourful" in the paper. */
const EXTREME = 109;

/**
 * Rates how colourful an image is: M = √(σ²rg + σ²yb) + 0.3 √(μ²rg + μ²yb) with rg = R - G and yb =
 * (R + G)/2 - B, over 109 and at most 1. 0 means grey; 0.14 slightly, 0.3 moderately, 0.41
 * averagely, 0.54 quite, 0.75 highly, 1 extremely colourful.
 *
 * Hasler and Süsstrunk, "Measuring colourfulness in natural images", SPIE 5007 (2003),
 * https://doi.org/10.1117/12.477378
 */
export function colourfulness({ rgb }: Pixels): number {
  const count = rgb.length / 3;
  if (count === 0) return 0;
  // Both differences in one loop, without arrays of them: of two such arrays V8 13.6 (Node 24) now
  // and then gives the spread of the second one twice, once it has optimised the loops.
  let [redGreenSum, yellowBlueSum] = [0, 0];
  for (let at = 0; at < rgb.length; at += 3) {
    redGreenSum += redGreenAt(rgb, at);
    yellowBlueSum += yellowBlueAt(rgb, at);
  }
  const [redGreenMean, yellowBlueMean] = [redGreenSum / count, yellowBlueSum / count];
  let squares = 0;
  for (let at = 0; at < rgb.length; at += 3) {
    squares += (redGreenAt(rgb, at) - redGreenMean) ** 2 + (yellowBlueAt(rgb, at) - yellowBlueMean) ** 2;
  }
  const colour = Math.sqrt(squares / count) + 0.3 * Math.hypot(redGreenMean, yellowBlueMean);
  return Math.min(1, colour / EXTREME);
}

function redGreenAt(rgb: Uint8Array, at: number): number {
  return (rgb[at] ?? 0) - (rgb[at + 1] ?? 0);
}

function yellowBlueAt(rgb: Uint8Array, at: number): number {
  return ((rgb[at] ?? 0) + (rgb[at + 1] ?? 0)) / 2 - (rgb[at + 2] ?? 0);
}

/** Greys at or beyond these count as clipped. */
const BLACK = 2;
const WHITE = 253;

/**
 * Rates exposure: 1 minus the share of pixels that are clipped to black or white, with a grey of 2
 * or less, or 253 or more. 1 means that nothing is clipped, 0 that everything is. It is the usual
 * clipping warning of cameras and editors, as a number.
 */
export function exposure({ grey }: Pixels): number {
  let clipped = 0;
  for (const value of grey) if (value <= BLACK || value >= WHITE) clipped += 1;
  return 1 - clipped / grey.length;
}

/** The measures without settings, by their names in specs. */
export const measures = { sharpness, contrast, entropy, colourfulness, exposure } as const;
