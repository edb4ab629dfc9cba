/** Bits in which two picture hashes differ: 0 to 64. */
export function hashDistance(a: bigint, b: bigint): number {
  let differing = a ^ b;
  let count = 0;
  for (; differing !== 0n; differing &= differing - 1n) count += 1;
  return count;
}
