import { expect, it } from 'vitest';
import { isFinal } from '../../../src/operators/predictions/pollSchedule.ts';
import type { PredictionStatus } from '../../../src/types.ts';
import { aPrediction } from '../../helpers/fakeProvider.ts';

it.each<[PredictionStatus, boolean, boolean]>([
  ['starting', false, false],
  ['unknown', false, false],
  ['processing', false, false],
  ['processing', true, true],
  ['succeeded', true, true],
  ['failed', false, true],
  ['canceled', false, true],
  ['aborted', false, true],
])('considers %s with its output complete: %j as final: %j', (status, outputComplete, expected) => {
  expect(isFinal(aPrediction({ status, outputComplete }))).toBe(expected);
});
