import { expect, it } from 'vitest';
import { checkInput } from '../../../src/sources/modelInputs/checkInput.ts';
import type { Json, ModelInputProperty } from '../../../src/types.ts';

const bytes = Buffer.from('a') as unknown as Json;

it.each<[ModelInputProperty, Json, string | null]>([
  [{ type: 'string' }, 'a', null],
  [{ type: 'string' }, 1, 'a text, got 1'],
  [{ type: 'integer' }, 1, null],
  [{ type: 'integer' }, '1', 'an integer, got the text "1"'],
  [{ type: 'integer', minimum: 2 }, 1, 'an integer of 2 or more, got 1'],
  [{ type: 'number', maximum: 2 }, 2.5, 'a number of at most 2, got 2.5'],
  [{ type: 'boolean' }, false, null],
  [{ type: 'boolean' }, 0, 'true or false, got 0'],
  [{ type: 'object' }, { a: 1 }, null],
  [{ type: 'object' }, [1], 'an object, got [1]'],
  [{ type: 'object' }, null, 'an object, got null'],
  [{ type: 'array' }, { a: 1 }, 'a list, got {"a":1}'],
  [{ type: null }, { a: 1 }, null],
  [{ type: 'string', enum: ['1', '0.25'] }, 1, 'one of "1", "0.25", got 1'],
  [{ type: 'string', enum: ['1:1', '16:9'] }, '16:10', 'one of 1:1, 16:9, got 16:10 (did you mean 16:9?)'],
  [{ type: 'string', enum: ['webp', 'png'] }, 'PNG', 'one of webp, png, got PNG (did you mean png?)'],
  [{ type: 'string', enum: ['webp', 'png'] }, 'tiff', 'one of webp, png, got tiff'],
  [{ type: 'string', enum: ['a', 'b'] }, ' ', 'one of a, b, got the text " "'],
  [{ type: 'integer', enum: [128, 256] }, '128', 'one of 128, 256, got the text "128"'],
  [{ type: 'integer', enum: [256, 512] }, 300, 'one of 256, 512, got 300'],
  [{ type: 'integer' }, 2 ** 53, `an integer, got ${2 ** 53}`],
  [{ type: 'integer' }, 1.5, 'an integer, got 1.5'],
  [{ type: 'number', exclusiveMinimum: 0, maximum: 1 }, 0, 'a number above 0 of at most 1, got 0'],
  [{ type: 'number', multipleOf: 0.1 }, 0.3, null],
  [{ type: 'integer', multipleOf: 8 }, 12, 'an integer in steps of 8, got 12'],
  [{ type: 'string', minLength: 1, maxLength: 2 }, 'abc', 'a text of 1 to 2 characters, got the text "abc"'],
  [
    { type: 'string', pattern: '^#[0-9a-f]{6}$' },
    'red',
    'a text that matches ^#[0-9a-f]{6}$, got the text "red"',
  ],
  [{ type: 'string', format: 'uri' }, 'https://a/b.png', null],
  [{ type: 'string', format: 'uri' }, bytes, 'a file or a URL, got bytes; give the path'],
  [{ type: 'string', format: 'uri' }, 'data:image/png;base64,AA==', null],
  [{ type: 'string', format: 'uri' }, 'cat.png', null],
  [{ type: 'string', format: 'uri' }, ' ', 'a file or a URL, got the text " "'],
  [{ type: 'string', format: 'password' }, 'anything', null],
  [{ type: 'array', minItems: 1, maxItems: 2 }, [], 'a list of 1 to 2 items, got []'],
  [{ type: 'string', nullable: true }, null, null],
  [{ type: 'string', nullable: true, enum: ['a'] }, null, null],
  [{ type: 'string', enum: ['a'] }, null, 'one of "a", got null'],
  [{ type: null, anyOf: [{ type: 'integer' }, { type: 'string', enum: ['auto'] }] }, 4, null],
  [
    { type: null, anyOf: [{ type: 'integer' }, { type: 'string', enum: ['auto'] }] },
    'car',
    'an integer or one of auto, got the text "car"',
  ],
])('checks %j against %j', (property, value, message) => {
  const check = () => checkInput('it', value, property);
  if (message === null) expect(check).not.toThrow();
  else expect(check).toThrow(`Expected \`it\` to be ${message}`);
});

it('names the item of a list that is wrong', () => {
  const property: ModelInputProperty = {
    type: 'array',
    items: { type: 'array', items: { type: null, anyOf: [{ type: 'integer' }, { type: 'boolean' }] } },
  };
  expect(() => checkInput('it', [[1], [true, 'x']], property)).toThrow(
    'Expected `it[1][1]` to be an integer or true or false, got the text "x"',
  );
});

it('lists no more than 20 choices', () => {
  const choices = Array.from({ length: 30 }, (_, index) => `style-${index}`);
  expect(() => checkInput('style', 'other', { type: 'string', enum: choices })).toThrow(
    /style-19, … \(30 in all\), got other$/,
  );
});
