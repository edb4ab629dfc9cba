import { modelInputs } from './modelInputs.ts';
import type { SimulatedModel } from './SimulatedModel.ts';

const { prompt, seed, aspectRatio } = modelInputs;

/** Makes images from text, in the widest choice of shapes. */
export const ideogramV3Turbo: SimulatedModel = {
  name: 'ideogram-ai/ideogram-v3-turbo',
  description: 'Turbo is the fastest and cheapest Ideogram v3',
  isOfficial: true,
  medianMs: 7_000,
  coldStartRate: 0,
  output: 'single',
  outputFormat: 'png',
  price: { perImageMicroUsd: 30_000 },
  inputs: {
    prompt,
    aspect_ratio: aspectRatio(
      ...([
        '1:1',
        '1:3',
        '3:1',
        '1:2',
        '2:1',
        '9:16',
        '16:9',
        '2:3',
        '3:2',
        '3:4',
        '4:3',
        '4:5',
        '5:4',
      ] as const),
    ),
    seed,
  },
};
