import type { Json } from '../../types.ts';
import type { InputDefinition, SimulatedModel } from './SimulatedModel.ts';

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

/** The OpenAPI document that Cog would generate for a model: enums apart, behind `allOf` and `$ref`. */
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
