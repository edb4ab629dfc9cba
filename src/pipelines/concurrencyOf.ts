import type { Strategy } from '../types.ts';

/** Predictions in flight where nothing else is said: with `parallel` it is the cap on "everything at once". */
const DEFAULT = 10;
const PARALLEL_DEFAULT = 100;

/** Predictions in flight at most. `concurrency` is what was asked for; null or undefined: nothing. */
export function concurrencyOf(strategy: Strategy, concurrency: number | null | undefined): number {
  if (strategy === 'sequential') return 1;
  return concurrency ?? (strategy === 'parallel' ? PARALLEL_DEFAULT : DEFAULT);
}
