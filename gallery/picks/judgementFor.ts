import type { Judgement } from '../../src/sinks/picks/picks.ts';

/**
 * Returns the change that a key makes to a judgement: P picks, X rejects, both take it back if it is
 * so already; U is undecided; 1 to 5 are stars, 0 none. Null for other keys.
 */
export function judgementFor(key: string, { verdict }: Judgement): Partial<Judgement> | null {
  if (/^[0-5]$/.test(key)) return { stars: Number(key) };
  switch (key.toLowerCase()) {
    case 'p':
      return { verdict: verdict === 'picked' ? null : 'picked' };
    case 'x':
      return { verdict: verdict === 'rejected' ? null : 'rejected' };
    case 'u':
      return { verdict: null };
    default:
      return null;
  }
}
