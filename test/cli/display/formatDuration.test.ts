import { expect, it } from 'vitest';
import { formatDuration } from '../../../src/cli/display/text.ts';

it.each([
  [-5, '0s'],
  [0, '0s'],
  [420, '0.4s'],
  [9_949, '9.9s'],
  [9_950, '10s'],
  [59_499, '59s'],
  [59_500, '1m 00s'],
  [112_000, '1m 52s'],
  [7_500_000, '2h 05m'],
  [274_000_000, '3d 04h'],
])('%i ms are %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
