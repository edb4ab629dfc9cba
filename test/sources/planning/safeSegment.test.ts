import fc from 'fast-check';
import { expect, it } from 'vitest';
import { safeSegment } from '../../../src/sources/planning/fileNames.ts';

it.each([
  ['plain name', 'plain name'],
  ['flux-1.1-pro', 'flux-1.1-pro'],
  ['a/b\\c:d*e?f"g<h>i|j', 'a-b-c-d-e-f-g-h-i-j'],
  ['..', '__'],
  ['.', '_'],
  ['.hidden', '_hidden'],
  ['photo.png', 'photo_png'],
  ['trailing. . ', 'trailing_ _'],
  ['a\0b\nc\u200bd', 'a b c d'],
  ['CON', 'CON_'],
  ['com1', 'com1_'],
  ['LPT¹', 'LPT¹_'],
  ['nul.txt', 'nul_txt'],
  ['con 2', 'con 2'],
  ['cafe\u0301', 'caf\u00e9'],
  ['a--2', 'a-2'],
  ['', 'none'],
  ['\u0000\u200b', 'none'],
])('makes %j %j', (text, name) => {
  expect(safeSegment(text)).toBe(name);
});

it('cuts at 80 bytes, between letters, leaving no point or space at the end', () => {
  expect(safeSegment('😀'.repeat(50))).toBe('😀'.repeat(20));
  expect(safeSegment(`${'x'.repeat(79)} y`)).toBe('x'.repeat(79));
  expect(safeSegment(`${'1'.repeat(79)}.5`)).toBe('1'.repeat(79));
});

it('is a valid name on every system for any text, and is stable', () => {
  const hostile = fc.array(
    fc.constantFrom(
      '..',
      '/',
      '\\',
      'con',
      'nul',
      '.',
      ' ',
      '\0',
      ':',
      '1',
      'a',
      '😀',
      '-',
      'é',
      'e\u0301',
      '\ud800',
    ),
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    hostile.map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(text, (each) => {
      const name = safeSegment(each);
      expect(name).not.toMatch(/[<>:"/\\|?*\p{Cc}\p{Cs}]|--|^\s|[\s.]$|^\.+$/u);
      expect(name).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i);
      expect(name).toBe(name.normalize('NFC'));
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(80);
      expect(name).not.toBe('');
      expect(safeSegment(name)).toBe(name);
    }),
    { numRuns: 500 },
  );
});
