import { expect, it } from 'vitest';
import { adaptInput } from '../../../src/sources/modelInputs/adaptInput.ts';
import type { ModelSchema } from '../../../src/types.ts';
import { schema } from '../../helpers/contextOf.ts';

const sized: ModelSchema = {
  required: ['prompt'],
  properties: {
    prompt: { type: 'string' },
    width: { type: 'integer', minimum: 256, maximum: 1440 },
    height: { type: 'integer', minimum: 256, maximum: 1440 },
  },
};

it('keeps inputs that the other model takes and leaves the rest to its defaults', () => {
  const input = { prompt: 'a cat', seed: 3, steps: 28, guidance: 99, go_fast: true };
  expect(adaptInput(input, schema)).toEqual({ prompt: 'a cat', seed: 3, go_fast: true });
});

it('keeps the shape as nearly as it can', () => {
  expect(adaptInput({ prompt: 'a', aspect_ratio: '5:4' }, schema)).toEqual({
    prompt: 'a',
    aspect_ratio: '1:1',
  });
  expect(adaptInput({ prompt: 'a', aspect_ratio: '21:9' }, schema)).toMatchObject({ aspect_ratio: '16:9' });
  expect(adaptInput({ prompt: 'a', width: 720, height: 1280 }, schema)).toMatchObject({
    aspect_ratio: '9:16',
  });
  expect(adaptInput({ prompt: 'a', aspect_ratio: '16:9' }, sized)).toEqual({
    prompt: 'a',
    width: 1344,
    height: 768,
  });
  expect(adaptInput({ prompt: 'a', aspect_ratio: 'match_input_image' }, sized)).toEqual({ prompt: 'a' });
});

it('sends everything to a model without a schema', () => {
  expect(adaptInput({ prompt: 'a', steps: 3 }, null)).toEqual({ prompt: 'a', steps: 3 });
});
