import { expect, it } from 'vitest';
import { ProviderError } from '../../../src/errors.ts';
import { isFinal, isWorthAsking } from '../../../src/operators/predictions/states.ts';
import type { PredictionStatus } from '../../../src/types.ts';
import { aPrediction } from '../../helpers/fakeProvider.ts';

const error = (fields: ConstructorParameters<typeof ProviderError>[2]) =>
  new ProviderError('ERR_X', 'x', fields);

it('asks again where that may help, and five times after a 404', () => {
  expect(isWorthAsking(error({ status: 500, recoverable: true }), 99)).toBe(true);
  expect(isWorthAsking(error({ status: 403 }), 1)).toBe(false);
  expect([5, 6].map((attempt) => isWorthAsking(error({ status: 404 }), attempt))).toEqual([true, false]);
  expect(isWorthAsking(new Error('a fault of our own'), 1)).toBe(false);
});

it.each<[PredictionStatus, boolean, boolean]>([
  ['starting', false, false],
  ['processing', false, false],
  ['processing', true, true],
  ['succeeded', true, true],
  ['failed', false, true],
  ['canceled', false, true],
  ['aborted', false, true],
])('takes %s with its output complete: %j for final: %j', (status, outputComplete, expected) => {
  expect(isFinal(aPrediction({ status, outputComplete }))).toBe(expected);
});
