import { modelInputs } from './modelInputs.ts';
import type { SimulatedModel } from './SimulatedModel.ts';

const { prompt, aspectRatio, outputFormat } = modelInputs;

/** Makes images from text alone; has no seed. */
export const imagen4: SimulatedModel = {
  name: 'google/imagen-4',
  description: "Google's image generation model",
  isOfficial: true,
  medianMs: 6_000,
  coldStartRate: 0,
  output: 'single',
  outputFormat: 'jpg',
  price: { perImageMicroUsd: 40_000 },
  inputs: {
    prompt,
    aspect_ratio: aspectRatio('1:1', '9:16', '16:9', '3:4', '4:3'),
    output_format: outputFormat('jpg', 'png'),
  },
};
