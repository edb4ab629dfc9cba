import type { Pixels } from './Pixels.ts';

/**
 * How much there is to see: the entropy of the histogram of grey in 256 steps, -Σ p log2 p, over its most, 8 bits. 0 one
 * grey, 1 all greys equally often.
 *
 * Shannon, "A mathematical theory of communication", 1948, https://doi.org/10.1002/j.1538-7305.1948.tb01338.x
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
