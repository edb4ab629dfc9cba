/** Digits below the millisecond: with 0 of them a time has 3 decimals, as the service writes it, with 6 of them 9. */
const FINER_DIGITS = [0, 3, 6] as const;

/** UTC with as many decimals as it happens to have: 3, 6 or 9 by `variety`, zeros at the end dropped. */
export function timestamp(ms: number, variety: number): string {
  const [seconds = '', fraction = '000Z'] = new Date(ms).toISOString().split('.');
  const digits = FINER_DIGITS[variety % FINER_DIGITS.length] ?? 0;
  const finer = String(((variety + 1) * 271_829) % 1_000_000).padStart(6, '0');
  const decimals = (fraction.slice(0, 3) + finer.slice(0, digits)).replace(/0+$/, '');
  return decimals === '' ? `${seconds}Z` : `${seconds}.${decimals}Z`;
}
