import { expect, it } from 'vitest';
import { readCancelAfter } from '../../../src/simulator/api/createRoutes.ts';

it.each([
  ['5', 5_000],
  ['30s', 30_000],
  ['5m', 300_000],
  ['1h30m45s', 5_445_000],
  ['2h', 7_200_000],
])('reads %s', (header, ms) => {
  expect(readCancelAfter(header)).toBe(ms);
});

it.each(['', '4', 'abc', '5 m', '-30', '1.5m', '30m1h'])('refuses %j', (header) => {
  expect(readCancelAfter(header)).toBe('wrong');
});

it('is null without a header', () => {
  expect(readCancelAfter(undefined)).toBeNull();
});
