import { asyncScheduler, defer, lastValueFrom, of } from 'rxjs';
import { expect, it } from 'vitest';
import { generate } from '../../../src/pipelines/generate.ts';
import type { Provider } from '../../../src/ports.ts';
import type { Prediction } from '../../../src/types.ts';
import { aPrediction, fakeProvider } from '../../helpers/fakeProvider.ts';
import { aPlan, runOf } from '../../helpers/runOf.ts';

/** A model that is paid by the second: its cost is unknown without a run time. */
const bySeconds = (fields: Partial<Prediction>): Provider => {
  const { answers } = fakeProvider({});
  const costOf = ({ metrics }: Prediction) =>
    typeof metrics.predict_time === 'number' ? Math.ceil(metrics.predict_time * 975) : null;
  // Without its input, so that it may be of any request.
  const createPrediction = () => of(aPrediction({ input: null, ...fields }));
  return { ...fakeProvider({ createPrediction }), answers: { ...answers, costOf } };
};
const early = { status: 'processing', outputComplete: true } as const;
const outcomeOf = (provider: Provider, priceMicroUsd: number | null = 4_875) =>
  lastValueFrom(generate(() => [aPlan(0, { priceMicroUsd })], runOf({ provider }).config));

it('marks a price by the second as an estimate until the run time is known', async () => {
  expect(await outcomeOf(bySeconds(early))).toMatchObject({ costUsd: 0.004875, estimatedUsd: 0.004875 });
  const known = await outcomeOf(bySeconds({ metrics: { predict_time: 2 } }));
  expect(known.costUsd).toBe(0.00195);
  expect(known).not.toHaveProperty('estimatedUsd');
});

it('has no estimate of an unknown price', async () => {
  const outcome = await outcomeOf(bySeconds(early), null);
  expect(outcome.costUsd).toBeNull();
  expect(outcome).not.toHaveProperty('estimatedUsd');
});

it('notes its own time, from the request to the response, if the service reports none', async () => {
  let nowMs = 1_000;
  const scheduler = { now: () => nowMs, schedule: asyncScheduler.schedule.bind(asyncScheduler) };
  const createPrediction: Provider['createPrediction'] = () =>
    defer(() => {
      nowMs += 3_210;
      return of(aPrediction({ ...early, input: null }));
    });
  const { config } = runOf({ provider: fakeProvider({ createPrediction }), scheduler });
  const { metrics } = await lastValueFrom(generate(() => [aPlan(0)], config));
  expect(metrics).toEqual({ own_wall_time: 3.21 });
});

it('never mixes it with a run time of the service', async () => {
  const { metrics } = await outcomeOf(bySeconds({ metrics: { predict_time: 2 } }));
  expect(metrics).toEqual({ predict_time: 2 });
});
