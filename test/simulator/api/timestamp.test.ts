import { expect, it } from 'vitest';
import { timestamp } from '../../../src/simulator/api/context.ts';

it('has 3, 6 or 9 decimals, without zeros at the end', () => {
  const ms = Date.parse('2026-03-04T05:06:07.890Z');
  expect(timestamp(ms, 0)).toBe('2026-03-04T05:06:07.89Z');
  expect(timestamp(ms, 1)).toMatch(/^2026-03-04T05:06:07\.890\d{0,3}Z$/);
  expect(timestamp(ms, 2)).toMatch(/^2026-03-04T05:06:07\.890\d{0,6}Z$/);
  expect(timestamp(Math.floor(ms / 1_000) * 1_000, 0)).toBe('2026-03-04T05:06:07Z');
});

it('is never earlier than the moment, and never a millisecond later', () => {
  const ms = 1_777_777_777_123;
  for (let variety = 0; variety < 60; variety += 1) expect(Date.parse(timestamp(ms, variety))).toBe(ms);
});
