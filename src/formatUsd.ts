/** Millionths of a US dollar as people read them: `$0.025`, `$12.50`; at least two decimals, no trailing zeros after them. */
export function formatUsd(microUsd: number): string {
  const decimals = (microUsd / 1_000_000).toFixed(6);
  return `$${decimals.replace(/0{1,4}$/, '')}`;
}
