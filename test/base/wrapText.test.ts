import { expect, it } from 'vitest';
import { wrapText } from '../../src/base/text.ts';

it('breaks between words', () => {
  expect(wrapText('the quick brown fox jumps', 8, 4)).toEqual(['the quick', 'brown fox', 'jumps']);
});

it('ends in an ellipsis if there are too many lines', () => {
  const lines = wrapText('the quick brown fox jumps over the lazy dog', 8, 2);
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatch(/^brown fox.*…$/);
});

it('breaks words that are longer than a line, never inside a character', () => {
  const lines = wrapText('🦊'.repeat(30), 10, 3);
  expect(lines).toHaveLength(3);
  expect(lines.join('').isWellFormed()).toBe(true);
  expect(lines[0]).toBe('🦊'.repeat(9));
});

it('makes no line of nothing', () => {
  expect(wrapText(' \n ', 10, 3)).toEqual([]);
});
