import { effectiveInput } from './models/effectiveInput.ts';
import type { SimulatedPrediction } from './SimulatedPrediction.ts';

/** Names of the files that a prediction makes: `out-0.webp`, … */
export function outputNames({ model, input }: SimulatedPrediction): string[] {
  const { num_outputs: outputs, max_images: images, output_format: format } = effectiveInput(model, input);
  const count = Number(outputs ?? images ?? 1);
  return Array.from({ length: count }, (_, place) => `out-${place}.${format ?? model.outputFormat}`);
}
