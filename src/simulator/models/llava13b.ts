import { modelInputs } from './modelInputs.ts';
import type { SimulatedModel } from './SimulatedModel.ts';

const { prompt, image, whole, decimal } = modelInputs;

/** Answers a question about a picture; run by its version, billed by the second. */
export const llava13b: SimulatedModel = {
  name: 'yorickvp/llava-13b',
  description: 'Visual instruction tuning: a language model that sees',
  isOfficial: false,
  medianMs: 2_000,
  coldStartRate: 0.02,
  output: 'text',
  outputFormat: 'png',
  price: { perSecondMicroUsd: 975 },
  inputs: {
    image: { ...image, description: 'Input image', isRequired: true },
    prompt: { ...prompt, description: 'Prompt to use for text generation' },
    top_p: decimal('Samples from the most likely tokens of this share together', [0, 1], 1),
    temperature: decimal('Randomness of the answer', [0, 5], 0.2),
    max_tokens: whole('Tokens of the answer at most', [1, 4_096], 1_024),
  },
};
