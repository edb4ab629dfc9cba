/** The bounds of a search; both are whole numbers. */
export interface QualityRange {
  readonly least: number;
  readonly most: number;
}

/**
 * Encodes until it has the highest quality whose result fits, by bisection: the highest first, which often is the answer, and
 * at most seven more between 1 and 100. Null where not even the lowest fits. Takes for granted that what fits at one quality
 * fits at all lower ones; where that is not quite so the result still fits.
 */
export async function highestQuality<T>(
  encode: (quality: number) => Promise<T>,
  fits: (encoded: T) => boolean,
  { least, most }: QualityRange,
): Promise<T | null> {
  const first = await encode(most);
  if (fits(first)) return first;
  let best: T | null = null;
  let fitting = least - 1;
  let tooHigh = most;
  while (tooHigh - fitting > 1) {
    const middle = Math.floor((fitting + tooHigh) / 2);
    const encoded = await encode(middle);
    if (fits(encoded)) [best, fitting] = [encoded, middle];
    else tooHigh = middle;
  }
  return best;
}
