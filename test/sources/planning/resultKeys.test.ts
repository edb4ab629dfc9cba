import { expect, it } from 'vitest';
import { resultKeys } from '../../../src/sources/planning/planJobs.ts';

it('gives equal requests with a seed the same key', () => {
  const keyOf = resultKeys();
  expect([keyOf('k', { seed: 0 }), keyOf('k', { seed: 0 })]).toEqual(['k', 'k']);
});

it.each([{}, { seed: null }, { seed: -1 }, { seed: 'x' }, { seed: 1.5 }])('gives %j none', (input) => {
  expect(resultKeys()('k', input)).toBeUndefined();
});

it('gives each copy of a request without a seed its own key, the same on each call, if asked to', () => {
  const keys = () => {
    const keyOf = resultKeys({ reuseUnseeded: true });
    return [keyOf('k', {}), keyOf('k', {}), keyOf('other', {})];
  };
  expect(new Set(keys()).size).toBe(3);
  expect(keys()).toEqual(keys());
});
