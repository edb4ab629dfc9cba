import type { InputDefinition } from './SimulatedModel.ts';

type Range = readonly [min: number, max: number];

function text(description: string, preset: string): InputDefinition {
  return { type: 'string', default: preset, description };
}

function whole(description: string, [minimum, maximum]: Range, preset: number): InputDefinition {
  return { type: 'integer', minimum, maximum, default: preset, description };
}

function decimal(description: string, [minimum, maximum]: Range, preset: number): InputDefinition {
  return { type: 'number', minimum, maximum, default: preset, description };
}

function flag(description: string, preset: boolean): InputDefinition {
  return { type: 'boolean', default: preset, description };
}

/** One of a few words; the first is the default. */
function choice(description: string, words: readonly [string, ...string[]]): InputDefinition {
  return { type: 'string', enum: words, default: words[0], description };
}

const aspectRatio = (...ratios: readonly [string, ...string[]]): InputDefinition =>
  choice('Aspect ratio of the generated image', ratios);

const outputFormat = (...formats: readonly [string, ...string[]]): InputDefinition =>
  choice('Format of the output images', formats);

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

/** The inputs that many models have, and what the others are made with. */
export const modelInputs = {
  text,
  whole,
  decimal,
  flag,
  choice,
  aspectRatio,
  outputFormat,
  prompt,
  seed,
  image,
  images,
  promptStrength: decimal('1.0 corresponds to full destruction of the input image', [0, 1], 0.8),
  numOutputs: whole('Number of outputs to generate', [1, 4], 1),
  outputQuality: whole('Quality when saving the output images, from 0 to 100', [0, 100], 80),
};
