import type { RunTotals } from '../types.ts';

/** Jobs that have their outcome, those of earlier runs included. */
export function doneCount({
  alreadySaved,
  saved,
  failed,
  skipped,
}: Pick<RunTotals, 'alreadySaved' | 'saved' | 'failed' | 'skipped'>): number {
  return alreadySaved + saved + failed + skipped;
}
