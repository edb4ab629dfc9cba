import { firstValueFrom, lastValueFrom, throwError } from 'rxjs';
import { expect, it } from 'vitest';
import { PredictionError } from '../../../src/errors.ts';
import { countRequests, overrideAnswers } from '../../../src/pipelines/run/runConfig.ts';
import { runToFolder } from '../../../src/pipelines/runToFolder.ts';
import type { Provider } from '../../../src/ports.ts';
import { createCogProvider } from '../../../src/providers/cog/cogProvider.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import { manifestOutcomes } from '../../../src/sinks/manifest/manifest.ts';
import type { Outcome } from '../../../src/types.ts';
import { aPrediction, fakeProvider } from '../../helpers/fakeProvider.ts';
import { aPlan } from '../../helpers/runOf.ts';
import { SCHNELL, simulated } from '../../helpers/simulated.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();

/** Replicate's client for a service that has prices and faults of its own. */
async function another(onOutcome: () => string | null = () => null): Promise<Provider> {
  const provider = createReplicateProvider(await simulated({ faults: { onOutcome } }));
  return {
    ...provider,
    answers: {
      urlsOf: (output) => provider.answers.urlsOf(output).slice(0, 1),
      costOf: (_prediction, priceMicroUsd = 7) => priceMicroUsd,
      errorOf: ({ id }) => new PredictionError('ERR_ELSEWHERE', 'It went wrong.', { predictionId: id }),
      describePrice: (model, priceMicroUsd = 7) => `${priceMicroUsd} for ${model}`,
    },
  };
}

const run = (provider: Provider, priceMicroUsd?: number) => {
  const plans = () => [aPlan(0, { model: SCHNELL, input: { prompt: 'a pear', seed: 1, num_outputs: 2 } })];
  const given = priceMicroUsd === undefined ? {} : { priceMicroUsd };
  return lastValueFrom(runToFolder(plans, { folder: folder(), provider, gallery: false, ...given }));
};

it('takes files, costs and prices from the provider', async () => {
  const { totals, report } = await run(await another());
  expect(totals).toMatchObject({ saved: 1, costUsd: 0.000007 });
  expect(report.costByModel[SCHNELL]).toMatchObject({ images: 1, price: `7 for ${SCHNELL}` });
});

it('hands the price that overrides its own to the provider', async () => {
  const { totals, report } = await run(await another(), 5);
  expect(totals.costUsd).toBe(0.000005);
  expect(report.costByModel[SCHNELL]).toMatchObject({ price: `5 for ${SCHNELL}` });
});

it('takes errors from the provider', async () => {
  const { report } = await run(await another(() => 'out of memory'));
  expect(report.errors).toEqual([{ code: 'ERR_ELSEWHERE', count: 1 }]);
});

it('counts requests of a provider and keeps its `answers`', () => {
  const provider = fakeProvider({});
  expect(countRequests(provider).provider.answers).toBe(provider.answers);
});

it.each([
  ['Replicate', createReplicateProvider({ token: 'r8_secret' })],
  ['Cog', createCogProvider({ baseUrl: 'http://127.0.0.1:5000' })],
])('%s reads files, costs, errors and prices', (_name, { answers }) => {
  const prediction = aPrediction({ model: SCHNELL, metrics: { image_count: 2 } });
  expect(answers.urlsOf(prediction.output)).toEqual(prediction.output);
  expect([answers.costOf(prediction), answers.costOf(prediction, 5)]).toEqual([6_000, 10]);
  expect(answers.errorOf(aPrediction({ status: 'failed', error: 'NSFW' })).code).toBe('ERR_SAFETY');
  expect(answers.describePrice(SCHNELL, 1_500)).toBe('$0.0015 an image (as given)');
  expect(answers.describePrice('nobody/nothing')).toBeNull();
});

it('estimates nothing by prices of the provider if costs are replaced', () => {
  const answers = { ...fakeProvider({}).answers, estimateOf: () => 50 };
  const estimateOf = (others: Parameters<typeof overrideAnswers>[1]) =>
    overrideAnswers(answers, others).estimateOf?.(aPlan(0));
  const costOf = () => 7;
  const estimates = [{}, { costOf }, { costOf, estimateOf: () => 8 }, { estimateOf: () => 9 }].map(
    estimateOf,
  );
  expect(estimates).toEqual([50, undefined, 8, 9]);
});

it('lays single members over those of the provider, also as methods of a class', () => {
  class Half {
    readonly microUsd = 42;
    costOf() {
      return this.microUsd;
    }
  }
  const { answers } = fakeProvider({});
  const prediction = aPrediction({ output: ['a'] });
  const mixed = overrideAnswers(answers, new Half());
  expect([mixed.costOf(prediction), mixed.urlsOf(prediction.output)]).toEqual([42, ['a']]);
  expect(overrideAnswers(answers).costOf(prediction)).toBe(answers.costOf(prediction));
});

it('names the error that ended the run in the outcome of a job in flight', async () => {
  const provider = await another();
  const createPrediction = () => throwError(() => new Error('the pen is broken'));
  const to = folder();
  const plans = () => [aPlan(0, { model: SCHNELL })];
  const settings = { folder: to, provider: { ...provider, createPrediction }, gallery: false };
  const end = await firstValueFrom(runToFolder(plans, settings));
  expect(end.fault).toMatchObject({ message: 'the pen is broken' });
  const outcomes: Outcome[] = [];
  for await (const outcome of manifestOutcomes(to)) outcomes.push(outcome);
  expect(outcomes).toMatchObject([
    {
      status: 'skipped',
      error: {
        code: 'ERR_STOPPED',
        message: 'The run ended before this job had its result: the pen is broken',
        suggestion: expect.not.stringContaining('detach'),
      },
    },
  ]);
});

it.each([
  ['NaN', () => Number.NaN],
  ['below 0', () => -5],
  [
    'thrown',
    () => {
      throw new Error('no price list');
    },
  ],
])('takes a cost that is %s for an unknown one', async (_name, costOf) => {
  const provider = await another();
  const { totals, fault } = await run({ ...provider, answers: { ...provider.answers, costOf } });
  expect(fault).toBeNull();
  // The price of its plan stands in.
  expect(totals).toMatchObject({ saved: 1, costUsd: 0.000_003, costIncomplete: true });
});

it('fails the job alone if the URLs of its output cannot be read', async () => {
  const provider = await another();
  const urlsOf = () => {
    throw new Error('no such field');
  };
  const { totals, report, fault } = await run({ ...provider, answers: { ...provider.answers, urlsOf } });
  expect(fault).toBeNull();
  expect(totals).toMatchObject({ saved: 0, failed: 1, costUsd: 0.000007 });
  expect(report.errors).toEqual([{ code: 'ERR_PROVIDER_VALUE', count: 1 }]);
});

it.each([
  [
    'throws',
    () => {
      throw new Error('no such table');
    },
    'it has thrown: no such table',
  ],
  ['returns a text', () => 'out of memory' as never, 'got "out of memory"'],
])('fails the job alone if `errorOf` %s', async (_name, errorOf, got) => {
  const provider = await another(() => 'out of memory');
  const given = { ...provider, answers: { ...provider.answers, errorOf } };
  const { totals, report, fault } = await run(given);
  expect(fault).toBeNull();
  expect(totals).toMatchObject({ saved: 0, failed: 1 });
  expect(report.errors).toEqual([{ code: 'ERR_PROVIDER_VALUE', count: 1 }]);
  for await (const { error } of manifestOutcomes(folder())) {
    expect(error?.message).toContain('failed: out of memory. Expected');
    expect(error?.message).toContain(got);
  }
  expect.assertions(5);
});

it('shows no price that cannot be described', async () => {
  const provider = await another();
  const describePrice = () => {
    throw new Error('no price list');
  };
  const { totals, report, fault } = await run({
    ...provider,
    answers: { ...provider.answers, describePrice },
  });
  expect(fault).toBeNull();
  expect(totals).toMatchObject({ saved: 1, costUsd: 0.000007 });
  expect(report.costByModel[SCHNELL]).toMatchObject({ price: null });
});
