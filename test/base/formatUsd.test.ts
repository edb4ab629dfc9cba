import { expect, it } from 'vitest';
import { formatUsd } from '../../src/base/text.ts';

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
