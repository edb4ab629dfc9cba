import { createHash } from 'node:crypto';
import type { Json } from '../../types.ts';

/** One input of a model, as its author defines it. */
export interface InputDefinition {
  /** `files` is a list of file URLs. */
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'files';
  readonly description: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: Json;
  /** `uri` marks a file. */
  readonly format?: 'uri';
  readonly isRequired?: boolean;
}

/** A model of the simulator. */
export interface SimulatedModel {
  /** `owner/name`. */
  readonly name: string;
  readonly description: string;
  /** True: it is run by name; false: by version. */
  readonly isOfficial: boolean;
  /** Median run time. */
  readonly medianMs: number;
  /** Share of the runs that begin on a cold machine, 0…1. */
  readonly coldStartRate: number;
  /** Form of the output: a list of files, a single file, or a text in pieces. */
  readonly output: 'list' | 'single' | 'text';
  /** File format of the outputs if no input chooses one; a model of texts does not use it. */
  readonly outputFormat: 'png' | 'jpg' | 'webp';
  /** In millionths of a US dollar, by image or by second. */
  readonly price: { readonly perImageMicroUsd: number } | { readonly perSecondMicroUsd: number };
  /** In the order in which a form shows them. */
  readonly inputs: Readonly<Record<string, InputDefinition>>;
}

/** Returns the inputs that a model knows, with its defaults in place of missing ones. */
export function effectiveInput(
  { inputs }: SimulatedModel,
  input: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const values = Object.entries(inputs).map(([name, { default: preset }]) => [name, input[name] ?? preset]);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}

/** One entry of `invalid_fields`. */
export interface InputFault {
  /**
   * A kind of the service's JSON Schema validator: `required`, `enum`, `invalid_type`,
   * `number_gte`, …
   */
  readonly type: string;
  /** Empty for the top level, `input` for a missing input, `input.<name>` for a wrong value. */
  readonly field: string;
  readonly description: string;
}

/**
 * Returns the faults of an input in the words of the service; empty if there are none. Like the
 * service, it accepts unknown inputs.
 */
export function inputFaults(input: Readonly<Record<string, unknown>>, model: SimulatedModel): InputFault[] {
  return Object.entries(model.inputs).flatMap(([name, definition]) => {
    const value = input[name];
    if (value !== undefined) return valueFaults(value, definition, `input.${name}`);
    return definition.isRequired
      ? [{ type: 'required', field: 'input', description: `${name} is required` }]
      : [];
  });
}

function valueFaults(value: unknown, definition: InputDefinition, field: string): InputFault[] {
  const { type, enum: choices, minimum, maximum, format } = definition;
  const fault = (kind: string, description: string) => [{ type: kind, field, description }];
  if (choices !== undefined && !(typeof value === 'string' && choices.includes(value))) {
    const list = choices.map((word) => `"${word}"`).join(', ');
    return fault('enum', `${field.replace('input.', '')} must be one of the following: ${list}`);
  }
  if (!isOfType(value, type)) {
    const expected = type === 'files' ? 'array' : type;
    return fault('invalid_type', `Invalid type. Expected: ${expected}, given: ${typeName(value)}`);
  }
  if (typeof value === 'number' && minimum !== undefined && value < minimum) {
    return fault('number_gte', `Must be greater than or equal to ${minimum}`);
  }
  if (typeof value === 'number' && maximum !== undefined && value > maximum) {
    return fault('number_lte', `Must be less than or equal to ${maximum}`);
  }
  const urls = type === 'files' && Array.isArray(value) ? value : [value];
  const areFiles = format === 'uri' || type === 'files';
  if (areFiles && !urls.every((url) => URL.canParse(String(url)))) {
    return fault('format', "Does not match format 'uri'");
  }
  return [];
}

function isOfType(value: unknown, type: InputDefinition['type']): boolean {
  if (type === 'files') return Array.isArray(value) && value.every((item) => typeof item === 'string');
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

/** Returns the id of a model's only version: 64 hex digits. */
export function versionOf({ name }: SimulatedModel): string {
  return createHash('sha256').update(name).digest('hex');
}

const outputs = {
  list: { type: 'array', items: { type: 'string', format: 'uri' }, title: 'Output' },
  single: { type: 'string', format: 'uri', title: 'Output' },
  text: {
    type: 'array',
    items: { type: 'string' },
    title: 'Output',
    'x-cog-array-type': 'iterator',
    'x-cog-array-display': 'concatenate',
  },
} as const;

/**
 * Returns the OpenAPI document that Cog would generate for a model, with enums as separate schemas
 * behind `allOf` and `$ref`.
 */
export function cogSchema(model: SimulatedModel): Json {
  const inputs = Object.entries(model.inputs);
  const enums = inputs.flatMap(([name, { enum: choices }]) =>
    choices === undefined
      ? []
      : [[name, { type: 'string', title: name, description: 'An enumeration.', enum: choices }] as const],
  );
  const properties = inputs.map(([name, input], order) => [name, propertyOf(name, input, order)] as const);
  return {
    openapi: '3.0.2',
    info: { title: 'Cog', version: '0.1.0' },
    paths: {},
    components: {
      schemas: {
        Input: {
          type: 'object',
          title: 'Input',
          required: inputs.filter(([, { isRequired }]) => isRequired).map(([name]) => name),
          properties: Object.fromEntries(properties),
        },
        Output: outputs[model.output],
        ...Object.fromEntries(enums),
      },
    },
  };
}

function propertyOf(name: string, input: InputDefinition, order: number): Json {
  const { type, description, default: preset, minimum, maximum, format } = input;
  const common = { 'x-order': order, description, ...(preset === undefined ? {} : { default: preset }) };
  if (input.enum !== undefined) return { ...common, allOf: [{ $ref: `#/components/schemas/${name}` }] };
  if (type === 'files')
    return { ...common, type: 'array', title: name, items: { type: 'string', format: 'uri' } };
  return {
    ...common,
    type,
    title: name,
    ...(minimum === undefined ? {} : { minimum }),
    ...(maximum === undefined ? {} : { maximum }),
    ...(format === undefined ? {} : { format }),
  };
}

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

/** Defines a choice of words; the first is the default. */
function choice(description: string, words: readonly [string, ...string[]]): InputDefinition {
  return { type: 'string', enum: words, default: words[0], description };
}

const aspectRatio = (...ratios: readonly [string, ...string[]]): InputDefinition =>
  choice('Aspect ratio of the generated image', ratios);

const outputFormat = (...formats: readonly [string, ...string[]]): InputDefinition =>
  choice('Format of the output images', formats);

const prompt: InputDefinition = { type: 'string', description: 'Description of the image', isRequired: true };

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

/** The inputs that many models share, and functions that define others. */
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
