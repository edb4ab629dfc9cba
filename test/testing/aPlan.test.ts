import { expect, expectTypeOf, it } from 'vitest';
import { requestKey } from '../../src/sources/planning/requestKey.ts';
import { anImageFile, anOutcome, aPlan, aPrediction, aRequest } from '../../src/testing/aPlan.ts';
import type { ImageFile, Outcome, Plan, Prediction, PredictionRequest } from '../../src/types.ts';

it('makes plans with the keys of a real run, one for each request', () => {
  const plan = aPlan({ prompt: 'an owl' });
  expect(plan.input).toEqual({ prompt: 'an owl', seed: 1 });
  expect(plan.key).toBe(requestKey({ model: 'owner/name', version: null, input: plan.input }));
  const plans = [0, 1, 2].map((index) => aPlan({ index }));
  expect(new Set(plans.map(({ key }) => key)).size).toBe(3);
  expect(plans.map(({ path }) => path)).toEqual(['0001', '0002', '0003']);
  expect(aPlan({ key: 'mine', path: 'here', input: {} })).toMatchObject({
    key: 'mine',
    path: 'here',
    input: {},
  });
});

it('makes predictions whose output fits their status', () => {
  expect(aPrediction()).toMatchObject({ status: 'succeeded', outputComplete: true });
  expect(aPrediction({ status: 'failed' })).toMatchObject({ output: null, outputComplete: false });
  expect(aPrediction({ status: 'processing', outputComplete: true }).output).toHaveLength(1);
});

it('has the types of the package', () => {
  expectTypeOf(aRequest()).toEqualTypeOf<PredictionRequest>();
  expectTypeOf(aPlan()).toEqualTypeOf<Plan>();
  expectTypeOf(aPrediction()).toEqualTypeOf<Prediction>();
  expectTypeOf(anImageFile()).toEqualTypeOf<ImageFile>();
  expectTypeOf(anOutcome()).toEqualTypeOf<Outcome>();
  expect(anOutcome({ index: 2 })).toMatchObject({ index: 2, key: aPlan({ index: 2 }).key });
});
