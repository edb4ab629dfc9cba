import { createRandom } from './createRandom.ts';
import type { SimulatorSettings } from './readSettings.ts';
import type { SimulatedPrediction } from './SimulatedPrediction.ts';

const ERRORS = [
  'Prediction interrupted; please retry (code: PA)',
  'Service is currently unavailable due to high demand. Please try again later. (E003)',
  'Prediction failed for an unknown reason. (E1000)',
] as const;

/** The error that a prediction ends with; null where it succeeds. */
export function failureOf(
  prediction: SimulatedPrediction,
  { seed, faults }: SimulatorSettings,
): string | null {
  const wanted = faults.onOutcome?.(prediction) ?? null;
  if (wanted !== null) return wanted;
  const random = createRandom(`${seed}/${prediction.serial}/failure`);
  return random.next() < (faults.predictionFailureRate ?? 0) ? random.pick(ERRORS) : null;
}
