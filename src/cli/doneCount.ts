import type { Progress } from './Progress.ts';

/** Jobs that have their outcome, those of earlier runs included. */
export function doneCount({ alreadySaved, saved, failed, skipped }: Progress): number {
  return alreadySaved + saved + failed + skipped;
}
