import { expect, it } from 'vitest';
import { createClaims } from '../../../src/operators/predictions/adoptPrediction.ts';

it('gives an id to the first job that asks', () => {
  const claims = createClaims();
  expect(claims.take('a')).toBe(true);
  expect(claims.take('a')).toBe(false);
  expect(claims.has('a')).toBe(true);
  expect(claims.has('b')).toBe(false);
});

it('keeps what earlier runs wrote down', () => {
  expect(createClaims(['a']).take('a')).toBe(false);
});
