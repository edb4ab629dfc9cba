import { modelInputs } from './modelInputs.ts';
import type { SimulatedModel } from './SimulatedModel.ts';

const { prompt, seed, image, promptStrength, numOutputs, text, whole, decimal } = modelInputs;

/** A community model: run by its version, billed by the second, cold now and then. */
export const sdxl: SimulatedModel = {
  name: 'stability-ai/sdxl',
  description: 'A text-to-image generative AI model that creates beautiful images',
  isOfficial: false,
  medianMs: 5_000,
  coldStartRate: 0.02,
  output: 'list',
  outputFormat: 'png',
  price: { perSecondMicroUsd: 975 },
  inputs: {
    prompt,
    negative_prompt: text('What the picture must not show', ''),
    image,
    width: whole('Width of output image, in pixels', [256, 2048], 1024),
    height: whole('Height of output image, in pixels', [256, 2048], 1024),
    prompt_strength: promptStrength,
    num_outputs: numOutputs,
    num_inference_steps: whole('Number of denoising steps', [1, 500], 50),
    guidance_scale: decimal('Scale for classifier-free guidance', [1, 50], 7.5),
    seed,
  },
};
