import { modelInputs } from './modelInputs.ts';
import type { SimulatedModel } from './SimulatedModel.ts';

const { prompt, seed, image, images, aspectRatio, outputFormat, outputQuality } = modelInputs;
const output = { output_format: outputFormat('webp', 'jpg', 'png'), output_quality: outputQuality };
const common = {
  isOfficial: true,
  coldStartRate: 0,
  output: 'list',
  outputFormat: 'webp',
} as const;

/** Qwen's image models: one that draws, two that edit. */
export const qwenModels: readonly SimulatedModel[] = [
  {
    ...common,
    name: 'qwen/qwen-image',
    description: 'An image generation model with strong text rendering',
    medianMs: 4_000,
    price: { perImageMicroUsd: 25_000 },
    inputs: {
      prompt,
      aspect_ratio: aspectRatio('16:9', '1:1', '9:16', '4:3', '3:4', '3:2', '2:3'),
      image,
      seed,
      ...output,
    },
  },
  {
    ...common,
    name: 'qwen/qwen-image-edit',
    description: 'Edits an image as a prompt says',
    medianMs: 6_000,
    price: { perImageMicroUsd: 30_000 },
    inputs: { prompt, image: { ...image, isRequired: true }, seed, ...output },
  },
  {
    ...common,
    name: 'qwen/qwen-image-edit-plus',
    description: 'Edits one or more images as a prompt says',
    medianMs: 6_000,
    price: { perImageMicroUsd: 30_000 },
    inputs: {
      prompt,
      image: { ...images, isRequired: true },
      aspect_ratio: aspectRatio('match_input_image', '1:1', '16:9', '9:16', '4:3', '3:4'),
      seed,
      ...output,
    },
  },
];
