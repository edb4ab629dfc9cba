import fc from 'fast-check';
import { lastValueFrom, toArray } from 'rxjs';
import { expect, it } from 'vitest';
import { createLedger } from '../../../src/operators/stages/budgetTake.ts';
import { generate } from '../../../src/pipelines/generate.ts';
import { addBudgetNeeded } from '../../../src/pipelines/run/closing/budgetNeeded.ts';
import { createMemoryJournal } from '../../../src/store/memoryJournal.ts';
import type { Outcome, Plan } from '../../../src/types.ts';
import { type aPrediction, fakeProvider } from '../../helpers/fakeProvider.ts';
import { aPlan, runOf, succeeding } from '../../helpers/runOf.ts';

/** A provider whose prices are those of the plans. */
function priced(plans: readonly Plan[]) {
  const { answers } = fakeProvider({});
  const priceOf = (seed: unknown) => plans[Number(seed)]?.priceMicroUsd ?? 0;
  const costOf = ({ input }: ReturnType<typeof aPrediction>) => priceOf(input?.seed);
  return { ...succeeding(), answers: { ...answers, costOf } };
}

async function runWith(plans: readonly Plan[], limitMicroUsd: number) {
  const journal = createMemoryJournal();
  const { config } = runOf({
    journal,
    provider: priced(plans),
    ledger: createLedger({ limitMicroUsd }),
    concurrency: 3,
  });
  const outcomes = await lastValueFrom(generate(() => plans, config).pipe(toArray()));
  const saved = outcomes.filter(({ status }) => status === 'saved').length;
  const totals = {
    ...{ total: plans.length, saved, failed: 0, skipped: plans.length - saved, alreadySaved: 0 },
    ...{ costUsd: 0, costIncomplete: false },
  };
  const manifest = {
    async *outcomes() {
      yield* outcomes.toSorted((a: Outcome, b: Outcome) => a.index - b.index);
    },
  };
  const run = { ratings: null, manifest, journal, isChosen: () => true };
  const end = { totals, fault: null, startedAtMs: 0, elapsedMs: 0 };
  const { totals: told } = await addBudgetNeeded(end, () => plans, run);
  return { saved, neededUsd: told.budgetNeededUsd };
}

it('names a budget that makes every job, and no more than a cent above it', async () => {
  const prices = fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(prices, fc.double({ min: 0, max: 1.2, noNaN: true }), async (each, share) => {
      const plans = each.map((priceMicroUsd, index) => aPlan(index, { priceMicroUsd }));
      const total = each.reduce((sum, price) => sum + price, 0);
      const { saved, neededUsd } = await runWith(plans, Math.floor(total * share));
      if (saved === plans.length) {
        expect(neededUsd).toBeUndefined();
        return;
      }
      const neededMicroUsd = Math.round((neededUsd ?? 0) * 1_000_000);
      expect(neededMicroUsd - total).toBeGreaterThanOrEqual(0);
      expect(neededMicroUsd - total).toBeLessThan(10_000);
      expect((await runWith(plans, neededMicroUsd)).saved).toBe(plans.length);
    }),
    { numRuns: 60 },
  );
});
