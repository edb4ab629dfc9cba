import { expect, it } from 'vitest';
import { sizeInput } from '../../../src/sources/modelInputs/adaptInput.ts';
import type { ModelInputProperty, ModelSchema } from '../../../src/types.ts';

const schemaOf = (properties: Record<string, ModelInputProperty>): ModelSchema => ({
  properties,
  required: [],
});
const sides = (range: Partial<ModelInputProperty>) =>
  schemaOf({ width: { type: 'integer', ...range }, height: { type: 'integer', ...range } });

it('takes the nearest aspect ratio if there are choices, even beside width and height', () => {
  const ratio: ModelInputProperty = { type: 'string', enum: ['custom', '1:1', '16:9'] };
  const schema = schemaOf({ ...sides({}).properties, aspect_ratio: ratio });
  expect(sizeInput(1600, 900, schema)).toEqual({ aspect_ratio: '16:9' });
});

it.each([
  [1080, 1080, {}, { width: 1024, height: 1024 }],
  [1600, 900, {}, { width: 1344, height: 768 }],
  [1080, 1920, {}, { width: 768, height: 1344 }],
  [1500, 500, { maximum: 1440 }, { width: 1408, height: 576 }],
  [1500, 500, { minimum: 700 }, { width: 1792, height: 704 }],
  [1600, 900, { enum: [512, 768, 1024] }, { width: 1024, height: 768 }],
])('sizes %d x %d within %j to about a megapixel', (widthPx, heightPx, range, input) => {
  expect(sizeInput(widthPx, heightPx, sides(range))).toEqual(input);
});

it('adds nothing if the model has no such input', () => {
  expect(sizeInput(1600, 900, null)).toEqual({});
  expect(sizeInput(1600, 900, schemaOf({ aspect_ratio: { type: 'string' } }))).toEqual({});
  expect(sizeInput(1600, 900, schemaOf({ width: { type: 'integer' } }))).toEqual({});
});
