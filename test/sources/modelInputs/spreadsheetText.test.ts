import fc from 'fast-check';
import { expect, it } from 'vitest';
import { coerceInput } from '../../../src/sources/modelInputs/adaptInput.ts';
import { cellText, readBoolean, readNumber } from '../../../src/sources/modelInputs/spreadsheetText.ts';
import type { Json, ModelInputProperty } from '../../../src/types.ts';

const integer: ModelInputProperty = { type: 'integer' };
const number: ModelInputProperty = { type: 'number', minimum: 0, maximum: 10 };
const flag: ModelInputProperty = { type: 'boolean' };
const ratio: ModelInputProperty = { type: 'string', enum: ['1:1', '16:9', '4:3'] };

it.each<[string, ModelInputProperty, Json]>([
  ['3,5', number, 3.5],
  ['0,125', number, 0.125],
  ['42,0', integer, 42],
  ['1.5E+03', integer, 1_500],
  ['WAHR', flag, true],
  ['FALSCH', flag, false],
  ['Vrai', flag, true],
  ['faux', flag, false],
  ['VERDADERO', flag, true],
  ['FALSO', flag, false],
  ['ЛОЖЬ', flag, false],
  ['16:09', ratio, '16:9'],
  ['16:09:00', ratio, '16:9'],
  ['04:03', ratio, '4:3'],
  ['1:01', ratio, '1:1'],
])('reads %s as a spreadsheet means it', (text, property, value) => {
  expect(coerceInput('x', text, property)).toBe(value);
});

it.each<[string, ModelInputProperty, string]>([
  ['1,234', number, 'got the text "1,234": write it without signs between the thousands'],
  ['1 234', integer, 'got the text "1 234": write it without signs between the thousands'],
  ['1\u202F234\u202F567', integer, 'write it without signs between the thousands'],
  ["1'234", integer, 'write it without signs between the thousands'],
  ['1.23457E+11', integer, 'of which a spreadsheet has cut the last digits'],
  ['1,23457E+19', number, 'of which a spreadsheet has cut the last digits'],
  ['80%', number, 'got the text "80%"'],
  ['#N/A', integer, 'got the text "#N/A"'],
  ['19:07', ratio, 'Expected `x` to be one of 1:1, 16:9, 4:3'],
])('refuses %s, which would be another value', (text, property, message) => {
  expect(() => coerceInput('x', text, property)).toThrow(message);
});

it('leaves a choice that looks like a time as it is', () => {
  expect(coerceInput('x', '16:09', { type: 'string', enum: ['16:9', '16:09'] })).toBe('16:09');
});

it('reads each number that JavaScript writes, also with a comma if that is unambiguous', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), (value) => {
      const text = String(value);
      // Minus zero is written as zero.
      const written = value === 0 ? 0 : value;
      expect(readNumber(text)).toBe(written);
      const withComma = readNumber(text.replace('.', ','));
      if (withComma !== null) expect(withComma).toBe(written);
    }),
  );
});

it('has no word for both true and false', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect([true, false, null]).toContain(readBoolean(text));
    }),
  );
  for (const word of ['0', 'no', 'nein', 'non', 'não']) expect(readBoolean(word)).toBe(false);
});

it.each([
  ['\u202AC:\\fox.png', 'C:\\fox.png'],
  [' \u200B a fox \u200F\u00A0', 'a fox'],
  ['a\u200Db', 'a\u200Db'],
  ['“a fox”', '“a fox”'],
  ['\u200B', ''],
  ['', ''],
])('takes invisible characters off the ends of %j only', (text, clean) => {
  expect(cellText(text)).toBe(clean);
});
