import fc from 'fast-check';
import { expect, it } from 'vitest';
import { displayWidth, shorten } from '../../../src/cli/display/text.ts';

it.each([
  ['red fox', 7, 'red fox'],
  ['red fox', 6, 'red f…'],
  ['red fox', 5, 'red…'],
  ['red fox', 1, '…'],
  ['red fox', 0, ''],
  ['red fox', -3, ''],
  ['狐狸雪', 6, '狐狸雪'],
  ['狐狸雪', 5, '狐狸…'],
  ['狐狸雪', 4, '狐…'],
  ['👨‍👩‍👧‍👦👨‍👩‍👧‍👦', 3, '👨‍👩‍👧‍👦…'],
])('cuts %j to %i columns', (text, columns, expected) => {
  expect(shorten(text, columns)).toBe(expected);
});

it('never takes more columns than it may', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 60 }),
      fc.integer({ min: 1, max: 40 }),
      (text, columns) => {
        expect(displayWidth(shorten(text, columns))).toBeLessThanOrEqual(columns);
      },
    ),
  );
});
