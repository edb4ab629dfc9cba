import { describe, expect, it } from 'vitest';
import { isSecretInput } from '../../../src/base/secretInputs.ts';
import { parseModelSchema } from '../../../src/providers/wire/modelSchema.ts';

const schemaOf = (properties: object, schemas: object = {}) =>
  parseModelSchema({ components: { schemas: { Input: { properties, required: ['prompt'] }, ...schemas } } });

it('reads the schemas of Cog: enums apart, in the order of x-order', () => {
  const schema = schemaOf(
    {
      seed: { type: 'integer', 'x-order': 2, minimum: 0, maximum: 9, nullable: true },
      aspect_ratio: { allOf: [{ $ref: '#/components/schemas/aspect_ratio' }], default: '1:1', 'x-order': 1 },
      prompt: { type: 'string', 'x-order': 0, title: 'Prompt' },
      image_input: { type: 'array', items: { type: 'string', format: 'uri' }, 'x-order': 3 },
      mask: { anyOf: [{ type: 'string', format: 'uri' }, { type: 'null' }], 'x-order': 4 },
    },
    { aspect_ratio: { type: 'string', enum: ['1:1', '16:9'] } },
  );
  expect(Object.keys(schema?.properties ?? {})).toEqual([
    'prompt',
    'aspect_ratio',
    'seed',
    'image_input',
    'mask',
  ]);
  expect(schema?.properties).toEqual({
    prompt: { type: 'string' },
    aspect_ratio: { type: 'string', enum: ['1:1', '16:9'], default: '1:1' },
    seed: { type: 'integer', nullable: true, minimum: 0, maximum: 9 },
    image_input: { type: 'array', items: { type: 'string', format: 'uri' } },
    mask: { type: 'string', nullable: true, format: 'uri' },
  });
  expect(schema?.required).toEqual(['prompt']);
});

it('is null if there is no schema, and never throws on a malformed one', () => {
  expect(parseModelSchema(undefined)).toBeNull();
  expect(parseModelSchema({ components: { schemas: {} } })).toBeNull();
  expect(
    schemaOf(
      { a: null, b: { type: 7, enum: 'x' }, c: { $ref: '#/components/schemas/c' } },
      { c: { $ref: '#/components/schemas/c' } },
    )?.properties,
  ).toEqual({
    a: { type: null },
    b: { type: null },
    c: { type: null },
  });
});

it('reads an optional type in the form of newer documents', () => {
  expect(
    schemaOf({ seed: { type: ['integer', 'null'] }, any: { type: ['integer', 'string'] } })?.properties,
  ).toEqual({
    seed: { type: 'integer', nullable: true },
    any: { type: null },
  });
});

it('keeps the alternatives of a property that takes several types', () => {
  const anyOf = [{ type: 'integer' }, { type: 'string' }, { type: 'null' }];
  expect(schemaOf({ size: { anyOf, description: 'How large' } })?.properties).toEqual({
    size: {
      type: null,
      nullable: true,
      anyOf: [{ type: 'integer' }, { type: 'string' }],
      description: 'How large',
    },
  });
});

it('does not lose its way among references in circles', () => {
  const names = Array.from({ length: 30 }, (_, index) => `s${index}`);
  const allOf = names.map((name) => ({ $ref: `#/components/schemas/${name}` }));
  const schemas = Object.fromEntries(names.map((name) => [name, { allOf, type: 'string' }]));
  expect(schemaOf({ all: { allOf } }, schemas)?.properties).toEqual({ all: { type: 'string' } });
});

it('reads limits in the manner of OpenAPI 3.0 and 3.1', () => {
  const properties = schemaOf({
    old: { type: 'number', minimum: 0, exclusiveMinimum: true, maximum: 1, exclusiveMaximum: false },
    young: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1, multipleOf: 0.5 },
    text: { type: 'string', minLength: 1, maxLength: 9, pattern: '^a' },
    pythonic: { type: 'string', pattern: '(?P<year>[0-9]+)' },
    list: { type: 'array', minItems: 1, maxItems: 2 },
    odd: { type: 'integer', minimum: 'none', multipleOf: 0 },
  })?.properties;
  expect(properties).toEqual({
    old: { type: 'number', exclusiveMinimum: 0, maximum: 1 },
    young: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1, multipleOf: 0.5 },
    text: { type: 'string', minLength: 1, maxLength: 9, pattern: '^a' },
    pythonic: { type: 'string' },
    list: { type: 'array', minItems: 1, maxItems: 2 },
    odd: { type: 'integer' },
  });
});

it('ends if items or alternatives refer to themselves', () => {
  const node = { $ref: '#/components/schemas/node' };
  const schemas = { node: { type: 'array', items: node, anyOf: [node, node] } };
  expect(JSON.stringify(schemaOf({ node }, schemas)).length).toBeLessThan(5_000);
});

it('leaves inputs open beyond what a real document has, instead of reading for ever', () => {
  const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
  // Each of three levels has a hundred alternatives, which are the hundred of the next.
  const schemas = {
    a: { anyOf: Array(100).fill(ref('b')) },
    b: { anyOf: Array(100).fill(ref('c')) },
    c: { anyOf: Array(100).fill({ type: 'string' }) },
  };
  const properties = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`p${index}`, ref('a')]));
  const parsed = schemaOf({ first: { type: 'integer' }, ...properties }, schemas)?.properties ?? {};
  expect(parsed.first).toEqual({ type: 'integer' });
  expect(parsed.p49).toEqual({ type: null });
  expect(Object.keys(parsed)).toHaveLength(51);
});

describe('secret inputs', () => {
  const secret = { type: 'string', format: 'password', writeOnly: true, 'x-cog-secret': true };
  it.each([
    ['its format', { type: 'string', format: 'password' }],
    ["Cog's mark", { type: 'string', 'x-cog-secret': true }],
    ['a reference', { allOf: [{ $ref: '#/components/schemas/Key' }], 'x-order': 1 }],
    ['a choice with null', { anyOf: [secret, { type: 'null' }] }],
    ['one of several choices', { anyOf: [{ type: 'integer' }, secret] }],
    ['the items of a list', { type: 'array', items: secret }],
  ])('are known by %s', (_how, property) => {
    const read = parseModelSchema({
      components: {
        schemas: { Key: secret, Input: { properties: { key: property, seed: { type: 'integer' } } } },
      },
    });
    expect(isSecretInput(read?.properties.key)).toBe(true);
    expect(isSecretInput(read?.properties.seed)).toBe(false);
  });
});
