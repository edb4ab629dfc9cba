import { expect, it } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { coerceInput } from '../../../src/sources/modelInputs/adaptInput.ts';
import type { Json, ModelInputProperty } from '../../../src/types.ts';
import { schema } from '../../helpers/contextOf.ts';

it.each<[string, string, Json]>([
  ['num_outputs', '4', 4],
  ['num_outputs', ' 2 ', 2],
  ['seed', '-7', -7],
  ['guidance', '3.5', 3.5],
  ['guidance', '1e1', 10],
  ['guidance', '.5', 0.5],
  ['go_fast', 'TRUE', true],
  ['go_fast', 'yes', true],
  ['go_fast', '1', true],
  ['go_fast', 'No', false],
  ['go_fast', '0', false],
  ['prompt', '{"looks": "like JSON"}', '{"looks": "like JSON"}'],
  ['prompt', '7', '7'],
  ['megapixels', '1', '1'],
  ['aspect_ratio', '16:9', '16:9'],
  ['loras', '["a", "b"]', ['a', 'b']],
  ['loras', 'a,b', ['a,b']],
  ['unknown', '{"a": [1, null]}', { a: [1, null] }],
  ['unknown', '16:9', '16:9'],
  ['unknown', 'true', true],
])('reads %s %j as %j', (name, text, value) => {
  expect(coerceInput(name, text, schema.properties[name])).toEqual(value);
});

it('leaves a text choice of an input without a type as it is', () => {
  const property: ModelInputProperty = { type: null, enum: ['1', 'auto'] };
  expect(coerceInput('size', '1', property)).toBe('1');
});

it('reads a text as the alternative that takes it', () => {
  const property: ModelInputProperty = {
    type: null,
    anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
  };
  expect(coerceInput('text', '7', property)).toBe('7');
  expect(coerceInput('text', '["a", "7"]', property)).toEqual(['a', '7']);
});

it.each([
  ['num_outputs', 'lots', 'Expected `num_outputs` to be an integer of 1 to 4, got the text "lots"'],
  ['num_outputs', '5', 'Expected `num_outputs` to be an integer of 1 to 4, got 5'],
  ['num_outputs', '1.5', 'Expected `num_outputs` to be an integer of 1 to 4, got 1.5'],
  ['seed', '0x10', 'Expected `seed` to be an integer, got the text "0x10"'],
  ['seed', '9007199254740993', 'Expected `seed` to be an integer, got 9007199254740993, which is too large'],
  ['guidance', '-1', 'Expected `guidance` to be a number of 0 to 10, got -1'],
  ['guidance', 'Infinity', 'Expected `guidance` to be a number of 0 to 10, got the text "Infinity"'],
  ['go_fast', 'maybe', 'Expected `go_fast` to be true or false, got the text "maybe"'],
  [
    'aspect_ratio',
    '4:3',
    'Expected `aspect_ratio` to be one of 1:1, 16:9, 9:16, got 4:3 (did you mean 16:9?)',
  ],
  ['loras', '["a", 7]', 'Expected `loras[1]` to be a text, got 7'],
])('refuses %s %j', (name, text, message) => {
  const coerce = () => coerceInput(name, text, schema.properties[name]);
  expect(coerce).toThrow(UsageError);
  expect(coerce).toThrow(new UsageError(message));
});
