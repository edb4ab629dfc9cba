import type { Strategy } from '../types.ts';

/** Predictions in flight where nothing else is said: with `parallel` it is the cap on "everything at once". */
const DEFAULT = 10;
const PARALLEL_DEFAULT = 100;
/** Where learning begins. */
const AUTO_FIRST = 4;

/** Predictions in flight at most. `concurrency` is what was asked for; null or undefined: nothing. `auto`: at first. */
export function concurrencyOf(strategy: Strategy, concurrency: number | 'auto' | null | undefined): number {
  if (strategy === 'sequential') return 1;
  if (concurrency === 'auto') return AUTO_FIRST;
  return concurrency ?? (strategy === 'parallel' ? PARALLEL_DEFAULT : DEFAULT);
}
