import { expect, it } from 'vitest';
import { checkInput } from '../../src/sources/checkInput.ts';
import type { Json, ModelInputProperty } from '../../src/types.ts';

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
])('checks %j against %j', (property, value, message) => {
  const check = () => checkInput('it', value, property);
  if (message === null) expect(check).not.toThrow();
  else expect(check).toThrow(`Expected \`it\` to be ${message}`);
});
