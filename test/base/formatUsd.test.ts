import { expect, it } from 'vitest';
import { formatUsd, toMicroUsd } from '../../src/base/text.ts';

it.each([
  [0, '$0.00'],
  [48_000, '$0.048'],
  [12_500_000, '$12.50'],
  [60_000, '$0.06'],
  [1, '$0.000001'],
  [100_000_000, '$100.00'],
])('%i is %s', (microUsd, text) => {
  expect(formatUsd(microUsd)).toBe(text);
});

it('converts dollars to whole millionths, in which sums are exact', () => {
  expect([0, 0.003, 0.1, 12.5, 0.000_000_4].map(toMicroUsd)).toEqual([0, 3_000, 100_000, 12_500_000, 0]);
  expect(0.1 + 0.2).not.toBe(0.3);
  expect(toMicroUsd(0.1) + toMicroUsd(0.2)).toBe(toMicroUsd(0.3));
});
