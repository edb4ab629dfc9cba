import { expect, it } from 'vitest';
import { createClaimedIds } from '../../../src/operators/predictions/claimedIds.ts';

it('gives an id to the first job that asks', () => {
  const claims = createClaimedIds();
  expect(claims.take('a')).toBe(true);
  expect(claims.take('a')).toBe(false);
  expect(claims.has('a')).toBe(true);
  expect(claims.has('b')).toBe(false);
});

it('keeps what earlier runs wrote down', () => {
  expect(createClaimedIds(['a']).take('a')).toBe(false);
});
