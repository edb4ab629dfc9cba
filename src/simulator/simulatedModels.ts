import type { InputDefinition, SimulatedModel } from './SimulatedModel.ts';

const prompt: InputDefinition = { type: 'string', description: 'What the picture shows', isRequired: true };
const seed: InputDefinition = {
  type: 'integer',
  description: 'Random seed. Set for reproducible generation',
};
const image: InputDefinition = {
  type: 'string',
  format: 'uri',
  description: 'Input image for image to image mode',
};
const images: InputDefinition = {
  type: 'files',
  default: [],
  description: 'Input images to transform or combine',
};
const promptStrength: InputDefinition = {
  type: 'number',
  minimum: 0,
  maximum: 1,
  default: 0.8,
  description: 'Prompt strength when using an image; 1.0 corresponds to full destruction of the image',
};
const numOutputs: InputDefinition = {
  type: 'integer',
  minimum: 1,
  maximum: 4,
  default: 1,
  description: 'Number of outputs to generate',
};
const fluxRatios = ['1:1', '16:9', '21:9', '3:2', '2:3', '4:5', '5:4', '3:4', '4:3', '9:16', '9:21'] as const;
const ratio = (choices: readonly string[], preset: string): InputDefinition => ({
  type: 'string',
  enum: choices,
  default: preset,
  description: 'Aspect ratio of the generated image',
});
const format = (choices: readonly string[], preset: string): InputDefinition => ({
  type: 'string',
  enum: choices,
  default: preset,
  description: 'Format of the output images',
});
const quality: InputDefinition = {
  type: 'integer',
  minimum: 0,
  maximum: 100,
  default: 80,
  description: 'Quality when saving the output images',
};
const side: InputDefinition = {
  type: 'integer',
  default: 1024,
  minimum: 256,
  maximum: 2048,
  description: 'In pixels',
};
const fluxOutput = { output_format: format(['webp', 'jpg', 'png'], 'webp'), output_quality: quality };

/** Run times and prices: see the notes of the price table of the real service, autumn 2026. */
export const simulatedModels: readonly SimulatedModel[] = [
  {
    name: 'black-forest-labs/flux-schnell',
    description: 'The fastest image generation model tailored for local development and personal use',
    isOfficial: true,
    medianMs: 800,
    coldStartRate: 0,
    output: 'list',
    price: { perImageMicroUsd: 3_000 },
    inputs: {
      prompt,
      aspect_ratio: ratio(fluxRatios, '1:1'),
      num_outputs: numOutputs,
      num_inference_steps: {
        type: 'integer',
        minimum: 1,
        maximum: 4,
        default: 4,
        description: 'Number of denoising steps',
      },
      seed,
      ...fluxOutput,
      disable_safety_checker: { type: 'boolean', default: false, description: 'Disable safety checker' },
      go_fast: { type: 'boolean', default: true, description: 'Run faster predictions' },
      megapixels: {
        type: 'string',
        enum: ['1', '0.25'],
        default: '1',
        description: 'Approximate number of megapixels',
      },
    },
  },
  {
    name: 'black-forest-labs/flux-dev',
    description: 'A 12 billion parameter rectified flow transformer',
    isOfficial: true,
    medianMs: 3_200,
    coldStartRate: 0,
    output: 'list',
    price: { perImageMicroUsd: 25_000 },
    inputs: {
      prompt,
      aspect_ratio: ratio(fluxRatios, '1:1'),
      image,
      prompt_strength: promptStrength,
      num_outputs: numOutputs,
      num_inference_steps: {
        type: 'integer',
        minimum: 1,
        maximum: 50,
        default: 28,
        description: 'Number of denoising steps',
      },
      guidance: { type: 'number', minimum: 0, maximum: 10, default: 3, description: 'Guidance' },
      seed,
      ...fluxOutput,
      disable_safety_checker: { type: 'boolean', default: false, description: 'Disable safety checker' },
      go_fast: { type: 'boolean', default: true, description: 'Run faster predictions' },
      megapixels: {
        type: 'string',
        enum: ['1', '0.25'],
        default: '1',
        description: 'Approximate number of megapixels',
      },
    },
  },
  {
    name: 'black-forest-labs/flux-1.1-pro',
    description: 'Faster, better FLUX Pro',
    isOfficial: true,
    medianMs: 3_800,
    coldStartRate: 0,
    output: 'single',
    price: { perImageMicroUsd: 40_000 },
    inputs: {
      prompt,
      aspect_ratio: ratio(['custom', ...fluxRatios], '1:1'),
      seed,
      safety_tolerance: {
        type: 'integer',
        minimum: 1,
        maximum: 6,
        default: 2,
        description: 'Safety tolerance',
      },
      prompt_upsampling: {
        type: 'boolean',
        default: false,
        description: 'Modify the prompt for more creative generation',
      },
      ...fluxOutput,
    },
  },
  {
    name: 'stability-ai/sdxl',
    description: 'A text-to-image generative AI model that creates beautiful images',
    isOfficial: false,
    medianMs: 5_000,
    coldStartRate: 0.02,
    output: 'list',
    price: { perSecondMicroUsd: 975 },
    inputs: {
      prompt,
      negative_prompt: { type: 'string', default: '', description: 'What the picture must not show' },
      image,
      width: side,
      height: side,
      prompt_strength: promptStrength,
      num_outputs: numOutputs,
      num_inference_steps: {
        type: 'integer',
        minimum: 1,
        maximum: 500,
        default: 50,
        description: 'Number of denoising steps',
      },
      guidance_scale: {
        type: 'number',
        minimum: 1,
        maximum: 50,
        default: 7.5,
        description: 'Scale for guidance',
      },
      seed,
    },
  },
  {
    name: 'google/nano-banana',
    description: 'Image editing and composition of several images',
    isOfficial: true,
    medianMs: 8_000,
    coldStartRate: 0,
    output: 'single',
    price: { perImageMicroUsd: 39_000 },
    inputs: {
      prompt,
      image_input: images,
      aspect_ratio: ratio(
        ['match_input_image', '1:1', '2:3', '3:2', '3:4', '4:3', '4:5', '5:4', '9:16', '16:9', '21:9'],
        'match_input_image',
      ),
      output_format: format(['jpg', 'png'], 'jpg'),
    },
  },
  {
    name: 'qwen/qwen-image',
    description: 'An image generation model with strong text rendering',
    isOfficial: true,
    medianMs: 4_000,
    coldStartRate: 0,
    output: 'list',
    price: { perImageMicroUsd: 25_000 },
    inputs: {
      prompt,
      aspect_ratio: ratio(['1:1', '16:9', '9:16', '4:3', '3:4', '3:2', '2:3'], '16:9'),
      seed,
      image,
      ...fluxOutput,
    },
  },
  {
    name: 'qwen/qwen-image-edit',
    description: 'Edits an image by a prompt',
    isOfficial: true,
    medianMs: 6_000,
    coldStartRate: 0,
    output: 'list',
    price: { perImageMicroUsd: 30_000 },
    inputs: { prompt, image: { ...image, isRequired: true }, seed, ...fluxOutput },
  },
  {
    name: 'qwen/qwen-image-edit-plus',
    description: 'Edits one or more images by a prompt',
    isOfficial: true,
    medianMs: 6_000,
    coldStartRate: 0,
    output: 'list',
    price: { perImageMicroUsd: 30_000 },
    inputs: {
      prompt,
      image: { ...images, isRequired: true },
      aspect_ratio: ratio(['match_input_image', '1:1', '16:9', '9:16', '4:3', '3:4'], 'match_input_image'),
      seed,
      ...fluxOutput,
    },
  },
  {
    name: 'google/imagen-4',
    description: "Google's Imagen 4",
    isOfficial: true,
    medianMs: 6_000,
    coldStartRate: 0,
    output: 'single',
    price: { perImageMicroUsd: 40_000 },
    inputs: {
      prompt,
      aspect_ratio: ratio(['1:1', '9:16', '16:9', '3:4', '4:3'], '1:1'),
      output_format: format(['jpg', 'png'], 'jpg'),
    },
  },
  {
    name: 'bytedance/seedream-4',
    description: 'Text-to-image generation and editing up to 4K',
    isOfficial: true,
    medianMs: 9_000,
    coldStartRate: 0,
    output: 'list',
    price: { perImageMicroUsd: 30_000 },
    inputs: {
      prompt,
      image_input: images,
      size: {
        type: 'string',
        enum: ['1K', '2K', '4K', 'custom'],
        default: '2K',
        description: 'Image resolution',
      },
      aspect_ratio: ratio(
        ['match_input_image', '1:1', '4:3', '3:4', '16:9', '9:16', '3:2', '2:3', '21:9'],
        'match_input_image',
      ),
      max_images: {
        type: 'integer',
        minimum: 1,
        maximum: 15,
        default: 1,
        description: 'Maximum number of images',
      },
    },
  },
  {
    name: 'ideogram-ai/ideogram-v3-turbo',
    description: 'Turbo is the fastest and cheapest Ideogram v3',
    isOfficial: true,
    medianMs: 7_000,
    coldStartRate: 0,
    output: 'single',
    price: { perImageMicroUsd: 30_000 },
    inputs: {
      prompt,
      aspect_ratio: ratio(
        ['1:3', '3:1', '1:2', '2:1', '9:16', '16:9', '2:3', '3:2', '3:4', '4:3', '4:5', '5:4', '1:1'],
        '1:1',
      ),
      seed,
    },
  },
];
