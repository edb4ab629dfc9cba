import type { SimulatedPrediction } from './SimulatedPrediction.ts';

/** Whether a prediction's input, output and files are gone, because it ended longer ago than they are kept. */
export function isRemoved({ completedAtMs }: SimulatedPrediction, outputLifetimeMs: number): boolean {
  return completedAtMs !== null && Date.now() - completedAtMs >= outputLifetimeMs;
}
