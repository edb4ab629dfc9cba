/** Mean and variance (of all values, not of a sample) in two passes; both 0 of none. */
export function spread(values: ArrayLike<number>): { readonly mean: number; readonly variance: number } {
  const { length } = values;
  if (length === 0) return { mean: 0, variance: 0 };
  let sum = 0;
  for (let at = 0; at < length; at += 1) sum += values[at] ?? 0;
  const mean = sum / length;
  let squares = 0;
  for (let at = 0; at < length; at += 1) squares += ((values[at] ?? 0) - mean) ** 2;
  return { mean, variance: squares / length };
}
