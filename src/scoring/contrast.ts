import type { Pixels } from './Pixels.ts';
import { spread } from './spread.ts';

/**
 * RMS contrast: the standard deviation of grey (0…255) over 127.5, the most there can be. 0 one grey, 1 half black and half
 * white.
 *
 * Peli, "Contrast in complex images", J. Opt. Soc. Am. A 7 (1990), https://doi.org/10.1364/JOSAA.7.002032
 */
export function contrast({ grey }: Pixels): number {
  return Math.min(1, Math.sqrt(spread(grey).variance) / 127.5);
}
