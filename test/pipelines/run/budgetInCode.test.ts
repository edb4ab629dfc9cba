import fc from 'fast-check';
import { EMPTY, lastValueFrom, of, throwError, toArray } from 'rxjs';
import { expect, it } from 'vitest';
import { ProviderError } from '../../../src/errors.ts';
import { createLedger } from '../../../src/operators/stages/budgetTake.ts';
import { generate } from '../../../src/pipelines/generate.ts';
import { priceFor } from '../../../src/pipelines/run/runConfig.ts';
import type { Provider, ProviderAnswers } from '../../../src/ports.ts';
import type { Outcome } from '../../../src/types.ts';
import { aPlan, runOf, succeeding } from '../../helpers/runOf.ts';

/** A service that bills this much for each prediction, and announces it. */
function pricedAt(
  microUsd: number,
  answers: Partial<ProviderAnswers> = {},
  tookMs = 0,
): Provider & { made: string[] } {
  const provider = succeeding({ tookMs });
  const own = { costOf: () => microUsd, estimateOf: () => microUsd };
  return { ...provider, answers: { ...provider.answers, ...own, ...answers } };
}

const outcomesOf = (
  jobs: number,
  priceMicroUsd: number | null,
  provider: Provider,
  limitMicroUsd: number,
) => {
  const ledger = createLedger({ limitMicroUsd });
  const { config } = runOf({ provider, ledger, concurrency: 11 });
  const plans = () => Array.from({ length: jobs }, (_, index) => aPlan(index, { priceMicroUsd }));
  return lastValueFrom(generate(plans, config).pipe(toArray())).then((outcomes) => ({ outcomes, ledger }));
};
const counted = (outcomes: readonly Outcome[], wanted: Outcome['status']) =>
  outcomes.filter(({ status }) => status === wanted).length;

it('reserves the price of the service if plans have no price: $2.00 was overspent by $0.55', async () => {
  const provider = pricedAt(50_000, {}, 1);
  const { outcomes, ledger } = await outcomesOf(51, null, provider, 2_000_000);
  expect([ledger.spentMicroUsd, ledger.reservedMicroUsd]).toEqual([2_000_000, 0]);
  expect([counted(outcomes, 'saved'), counted(outcomes, 'skipped')]).toEqual([40, 11]);
});

it('reserves the price of the service if plans have too low a price: $0.10 was overspent by $0.40', async () => {
  const { outcomes, ledger } = await outcomesOf(10, 1_000, pricedAt(50_000, {}, 1), 100_000);
  expect(ledger.spentMicroUsd).toBe(100_000);
  expect([counted(outcomes, 'saved'), counted(outcomes, 'skipped')]).toEqual([2, 8]);
});

it('makes nothing if the price is unknown and there is a limit', async () => {
  const provider = pricedAt(50_000, { estimateOf: () => null });
  const { outcomes, ledger } = await outcomesOf(3, null, provider, 2_000_000);
  expect([provider.made, ledger.spentMicroUsd]).toEqual([[], 0]);
  expect(outcomes.map(({ status, error }) => [status, error?.message])).toEqual(
    Array(3).fill(['skipped', 'No price is known for owner/name, and there is a budget to keep.']),
  );
  const { outcomes: free } = await outcomesOf(3, null, provider, Number.POSITIVE_INFINITY);
  expect(counted(free, 'saved')).toBe(3);
});

it('takes a price for all models, or by model', () => {
  const prices = { priceMicroUsd: 5, pricesMicroUsd: { 'a/b': 7 } };
  expect(priceFor('a/b', { priceMicroUsd: 5 })).toBe(5);
  expect(priceFor('a/b', prices)).toBe(7);
  expect(priceFor('a/c', prices)).toBe(5);
  expect(priceFor('a/c', { pricesMicroUsd: { 'a/b': 7 } })).toBeUndefined();
});

it('never spends more than the limit, for all plans, costs and ends of attempts', async () => {
  const job = fc.record({
    planned: fc.option(fc.nat(60)),
    cost: fc.nat(60),
    end: fc.constantFrom('made', 'made', 'refused', 'failed', 'flaky'),
  });
  await fc.assert(
    fc.asyncProperty(fc.nat(300), fc.array(job, { maxLength: 12 }), async (limitMicroUsd, jobs) => {
      const tries = new Map<unknown, number>();
      const jobOf = (seed: unknown) => jobs[Number(seed)] ?? { planned: 0, cost: 0, end: 'made' };
      const ledger = createLedger({ limitMicroUsd });
      const provider = pricedAt(0, {
        estimateOf: ({ input }) => jobOf(input.seed).cost,
        costOf: ({ input, outputComplete }) => (outputComplete ? jobOf(input?.seed).cost : 0),
      });
      const watched: Provider = {
        ...provider,
        createPrediction: (request, options) => {
          expect(ledger.reservedMicroUsd + ledger.spentMicroUsd).toBeLessThanOrEqual(limitMicroUsd);
          const seed = request.input.seed;
          const attempt = (tries.get(seed) ?? 0) + 1;
          tries.set(seed, attempt);
          const { end } = jobOf(seed);
          if (end === 'refused')
            return throwError(() => new ProviderError('ERR_INVALID_INPUT', 'no', { status: 422 }));
          const isFailing = end === 'failed' || (end === 'flaky' && attempt === 1);
          if (!isFailing) return provider.createPrediction(request, options);
          const prediction = { status: 'failed', output: null, outputComplete: false, error: 'no' } as const;
          return of({ ...failedBase, ...prediction, id: `f${seed}-${attempt}`, input: request.input });
        },
      };
      const { config } = runOf({ provider: watched, ledger, persist: () => EMPTY });
      const plans = () =>
        jobs.map(({ planned }, index) =>
          aPlan(index, { priceMicroUsd: planned, input: { prompt: 'a', seed: index } }),
        );
      const outcomes = await lastValueFrom(generate(plans, config).pipe(toArray()));
      expect(outcomes).toHaveLength(jobs.length);
      expect(ledger.spentMicroUsd).toBeLessThanOrEqual(limitMicroUsd);
      expect(ledger.reservedMicroUsd).toBe(0);
    }),
    { numRuns: 40 },
  );
});

const failedBase = {
  model: 'owner/name',
  version: null,
  metrics: {},
  dataRemoved: false,
  createdAt: null,
  startedAt: null,
  completedAt: null,
};
