import { hashDistance } from './hashDistance.ts';
import type { Measure } from './Measure.ts';
import { pictureHash } from './pictureHash.ts';

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
