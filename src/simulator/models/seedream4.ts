import { modelInputs } from './modelInputs.ts';
import type { SimulatedModel } from './SimulatedModel.ts';

const { prompt, images, aspectRatio, choice, whole } = modelInputs;

/** Makes up to 15 images in one run; has no seed. Its sizes are taken, but every picture is about a megapixel. */
export const seedream4: SimulatedModel = {
  name: 'bytedance/seedream-4',
  description: 'Text-to-image generation and editing up to 4K',
  isOfficial: true,
  medianMs: 9_000,
  coldStartRate: 0,
  output: 'list',
  outputFormat: 'jpg',
  price: { perImageMicroUsd: 30_000 },
  inputs: {
    prompt,
    image_input: images,
    size: choice('Image resolution', ['2K', '1K', '4K', 'custom']),
    aspect_ratio: aspectRatio(
      ...(['match_input_image', '1:1', '4:3', '3:4', '16:9', '9:16', '3:2', '2:3', '21:9'] as const),
    ),
    max_images: whole('Maximum number of images to generate', [1, 15], 1),
  },
};
