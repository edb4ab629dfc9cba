import { modelInputs } from './modelInputs.ts';
import type { SimulatedModel } from './SimulatedModel.ts';

const { prompt, images, aspectRatio, outputFormat } = modelInputs;

/** Edits and combines images; has no seed. */
export const nanoBanana: SimulatedModel = {
  name: 'google/nano-banana',
  description: 'Image editing and composition of several images',
  isOfficial: true,
  medianMs: 8_000,
  coldStartRate: 0,
  output: 'single',
  outputFormat: 'jpg',
  price: { perImageMicroUsd: 39_000 },
  inputs: {
    prompt,
    image_input: images,
    aspect_ratio: aspectRatio(
      ...([
        'match_input_image',
        '1:1',
        '2:3',
        '3:2',
        '3:4',
        '4:3',
        '4:5',
        '5:4',
        '9:16',
        '16:9',
        '21:9',
      ] as const),
    ),
    output_format: outputFormat('jpg', 'png'),
  },
};
