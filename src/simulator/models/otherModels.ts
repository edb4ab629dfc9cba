import { modelInputs, type SimulatedModel } from './simulatedModel.ts';

const {
  prompt,
  seed,
  aspectRatio,
  outputFormat,
  image,
  whole,
  decimal,
  images,
  outputQuality,
  promptStrength,
  numOutputs,
  text,
  choice,
} = modelInputs;

/** A text-to-image model with the widest choice of aspect ratios. */
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

/** A text-to-image model without image inputs or seed. */
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

/** A model that answers a question about an image; run by its version, billed by the second. */
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

/** A model that edits and combines images; it has no seed. */
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

const output = { output_format: outputFormat('webp', 'jpg', 'png'), output_quality: outputQuality };
const common = {
  isOfficial: true,
  coldStartRate: 0,
  output: 'list',
  outputFormat: 'webp',
} as const;

/** The image models of Qwen: one that makes images, two that edit them. */
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
    negative_prompt: text('Description of unwanted content', ''),
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

/**
 * A model that makes up to 15 images in one run; it has no seed. It accepts all sizes, but every
 * image has about one megapixel.
 */
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
