import { createRandom } from './createRandom.ts';
import type { SimulatorSettings } from './readSettings.ts';
import type { SimulatedPrediction } from './SimulatedPrediction.ts';

const MEDIAN_MS = 6_000;
const SIGMA = 0.5;

/** How long the machine of a prediction takes to boot, in the model's own time; 0 where it is warm. */
export function coldStartMs(
  { model, serial }: SimulatedPrediction,
  { seed, coldStarts }: SimulatorSettings,
): number {
  const random = createRandom(`${seed}/${serial}/boot`);
  const isCold = random.next() < shareOf(coldStarts, model.coldStartRate);
  return isCold ? random.logNormal(MEDIAN_MS, SIGMA) : 0;
}

function shareOf(coldStarts: boolean | number, ownShare: number): number {
  if (typeof coldStarts === 'number') return coldStarts;
  return coldStarts ? ownShare : 0;
}
