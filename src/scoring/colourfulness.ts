import type { Pixels } from './Pixels.ts';
import { spread } from './spread.ts';

/** What people called "extremely colourful" in the paper. */
const EXTREME = 109;

/**
 * How colourful a picture is: M = √(σ²rg + σ²yb) + 0.3 √(μ²rg + μ²yb) with rg = R - G and yb = (R + G)/2 - B, over 109 and at
 * most 1. 0 grey; 0.14 slightly, 0.3 moderately, 0.41 averagely, 0.54 quite, 0.75 highly, 1 extremely colourful.
 *
 * Hasler and Süsstrunk, "Measuring colourfulness in natural images", SPIE 5007 (2003), https://doi.org/10.1117/12.477378
 */
export function colourfulness({ rgb }: Pixels): number {
  const count = rgb.length / 3;
  const redGreen = new Float32Array(count);
  const yellowBlue = new Float32Array(count);
  for (let pixel = 0; pixel < count; pixel += 1) {
    const [red = 0, green = 0, blue = 0] = rgb.subarray(pixel * 3, pixel * 3 + 3);
    redGreen[pixel] = red - green;
    yellowBlue[pixel] = (red + green) / 2 - blue;
  }
  const [rg, yb] = [spread(redGreen), spread(yellowBlue)];
  const colour = Math.sqrt(rg.variance + yb.variance) + 0.3 * Math.hypot(rg.mean, yb.mean);
  return Math.min(1, colour / EXTREME);
}
