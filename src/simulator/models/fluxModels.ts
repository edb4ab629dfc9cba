import { modelInputs, type SimulatedModel } from './simulatedModel.ts';

const { prompt, seed, image, promptStrength, numOutputs, outputQuality } = modelInputs;
const { whole, decimal, flag, choice, aspectRatio } = modelInputs;
const ratios = ['1:1', '16:9', '21:9', '3:2', '2:3', '4:5', '5:4', '3:4', '4:3', '9:16', '9:21'] as const;
const output = {
  output_format: modelInputs.outputFormat('webp', 'jpg', 'png'),
  output_quality: outputQuality,
};
const openWeights = {
  disable_safety_checker: flag('Disable safety checker for generated images', false),
  go_fast: flag('Run faster predictions with a model optimized for speed', true),
  megapixels: choice('Approximate number of megapixels for the generated image', ['1', '0.25']),
};
const common = {
  isOfficial: true,
  coldStartRate: 0,
  outputFormat: 'webp',
} as const;

/** The FLUX family of Black Forest Labs. */
export const fluxModels: readonly SimulatedModel[] = [
  {
    ...common,
    name: 'black-forest-labs/flux-schnell',
    description: 'The fastest image generation model tailored for local development and personal use',
    medianMs: 800,
    output: 'list',
    price: { perImageMicroUsd: 3_000 },
    inputs: {
      prompt,
      aspect_ratio: aspectRatio(...ratios),
      num_outputs: numOutputs,
      num_inference_steps: whole('Number of denoising steps', [1, 4], 4),
      seed,
      ...output,
      ...openWeights,
    },
  },
  {
    ...common,
    name: 'black-forest-labs/flux-dev',
    description: 'A 12 billion parameter rectified flow transformer that makes images from text',
    medianMs: 3_200,
    output: 'list',
    price: { perImageMicroUsd: 25_000 },
    inputs: {
      prompt,
      aspect_ratio: aspectRatio(...ratios),
      image,
      prompt_strength: promptStrength,
      num_outputs: numOutputs,
      num_inference_steps: whole('Number of denoising steps', [1, 50], 28),
      guidance: decimal('Guidance for generated image', [0, 10], 3),
      seed,
      ...output,
      ...openWeights,
    },
  },
  {
    ...common,
    name: 'black-forest-labs/flux-1.1-pro',
    description: 'Faster, better FLUX Pro. Text-to-image model with excellent prompt adherence',
    medianMs: 4_000,
    output: 'single',
    price: { perImageMicroUsd: 40_000 },
    inputs: {
      prompt,
      aspect_ratio: aspectRatio(...ratios),
      seed,
      safety_tolerance: whole('1 is most strict and 6 is most permissive', [1, 6], 2),
      prompt_upsampling: flag('Modify the prompt for more creative generation', false),
      ...output,
    },
  },
];
