import type { Pixels } from './Pixels.ts';

/** Rates a picture by its pixels: 0 to 1, higher is better. */
export type Measure = (pixels: Pixels) => number;
