import { expect, it } from 'vitest';
import { plainText } from '../../../src/cli/display/text.ts';

it('removes control over the terminal from a text', () => {
  expect(plainText('a\x1b[31mred\x1b[0m b\x1b[2J\x07')).toBe('ared b');
  expect(plainText(' one\r\n\ttwo\u2028three\0 ')).toBe('one two three');
  expect(plainText('\x1b]8;;http://evil\x07link\x1b]8;;\x07')).toBe('link');
  expect(plainText('\x9b2J')).not.toMatch(/[\x80-\x9f]/);
  expect(plainText('abc\u202edcba')).toBe('abcdcba');
});

it('leaves other writing as it is', () => {
  expect(plainText('狐狸 👨‍👩‍👧 é עברית')).toBe('狐狸 👨‍👩‍👧 é עברית');
});
