import { createRandom } from './createRandom.ts';
import { platformErrors } from './platformErrors.ts';
import type { SimulatorSettings } from './readSettings.ts';
import type { SimulatedPrediction } from './SimulatedPrediction.ts';

/** The error that a prediction ends with; null where it succeeds. */
export function failureOf(
  prediction: SimulatedPrediction,
  { seed, faults }: SimulatorSettings,
): string | null {
  const wanted = faults.onOutcome?.(prediction) ?? null;
  if (wanted !== null) return wanted;
  const random = createRandom(`${seed}/${prediction.serial}/failure`);
  return random.next() < (faults.predictionFailureRate ?? 0) ? random.pick(platformErrors) : null;
}
