import type { SimulatorSettings } from './readSettings.ts';
import type { SimulatedPrediction } from './SimulatedPrediction.ts';

/** Whether a prediction's input, output and files are gone, because it ended longer ago than they are kept. */
export function isRemoved(
  prediction: SimulatedPrediction,
  { outputLifetimeMs, faults }: SimulatorSettings,
): boolean {
  const { completedAtMs } = prediction;
  if (completedAtMs === null) return false;
  return Date.now() - completedAtMs >= (faults.lifetimeMs?.(prediction) ?? outputLifetimeMs);
}
