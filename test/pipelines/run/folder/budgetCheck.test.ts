import fc from 'fast-check';
import { lastValueFrom } from 'rxjs';
import { expect, it } from 'vitest';
import type { EventOf } from '../../../../src/events/observeRun.ts';
import { budgetUse } from '../../../../src/pipelines/run/closing/budgetUse.ts';
import { warnOfShortBudget } from '../../../../src/pipelines/run/folder/budgetCheck.ts';
import { createMemoryJournal } from '../../../../src/store/memoryJournal.ts';
import type { Plan } from '../../../../src/types.ts';
import { aPlan } from '../../../helpers/runOf.ts';

type Short = Omit<EventOf<'budget.short'>, 'type'>;

const plansAt = (...prices: readonly (number | null)[]): Plan[] =>
  prices.map((priceMicroUsd, index) => aPlan(index, { priceMicroUsd }));

interface Given {
  readonly journal?: ReturnType<typeof createMemoryJournal>;
  readonly saved?: readonly number[];
  readonly chosen?: readonly number[];
}

async function shortOf(
  plans: readonly Plan[],
  budgetMicroUsd: number | null,
  { journal = createMemoryJournal(), saved = [], chosen }: Given = {},
): Promise<Short | null> {
  let short: Short | null = null;
  await warnOfShortBudget(() => plans, {
    ...{ budgetMicroUsd, journal, ratings: null },
    isSaved: ({ index }) => saved.includes(index),
    isChosen: (index) => chosen?.includes(index) ?? true,
    config: {
      emit: (event) => {
        if (event.type === 'budget.short') short = (({ type: _type, ...rest }) => rest)(event);
      },
    },
  });
  return short;
}

it.each<[string, (number | null)[], number | null, Given, Short | null]>([
  ['nothing without a budget', [30_000], null, {}, null],
  ['nothing if it suffices', [30_000, 20_000], 50_000, {}, null],
  [
    'the requested and the allowed jobs',
    [30_000, 30_000, 30_000],
    70_000,
    {},
    { requested: 3, allowed: 2, limitMicroUsd: 70_000, neededUsd: 0.09 },
  ],
  // As in the run, a cheaper job may still fit.
  ['jobs that fit behind others', [50_000, 30_000], 40_000, {}, expect.objectContaining({ allowed: 1 })],
  ['jobs without a price as refused', [null, 10_000], 50_000, {}, expect.objectContaining({ allowed: 1 })],
  ['nothing of saved jobs', [30_000, 30_000], 30_000, { saved: [0] }, null],
  ['nothing of jobs that are not chosen', [30_000, 30_000], 30_000, { chosen: [1] }, null],
])('reports %s', async (_, prices, budget, given, expected) => {
  expect(await shortOf(plansAt(...prices), budget, given)).toEqual(expected);
});

it('counts spent money, and money reserved for an open attempt, once', async () => {
  const plans = plansAt(30_000, 30_000, 30_000);
  const [spent, open] = plans;
  if (spent === undefined || open === undefined) throw new Error('Expected plans');
  const journal = createMemoryJournal();
  const intended = { type: 'intended', attempt: 1, atMs: 1, reservedMicroUsd: 30_000 } as const;
  await lastValueFrom(journal.record(spent, intended));
  await lastValueFrom(journal.record(spent, { type: 'ended', attempt: 1, costMicroUsd: 30_000 }));
  await lastValueFrom(journal.record(open, intended));
  // 30,000 are spent, 30,000 reserved for the open one: the first and the last are to be paid.
  expect(await shortOf(plans, 120_000, { journal })).toBeNull();
  expect(await shortOf(plans, 90_000, { journal })).toEqual({
    ...{ requested: 3, allowed: 2, limitMicroUsd: 90_000, neededUsd: 0.12 },
  });
  expect(budgetUse({ budgetMicroUsd: 90_000, journal, ratings: null })).toEqual({
    ...{ limitUsd: 0.09, usedUsd: 0.06, remainingUsd: 0.03, usedPercent: 66.7 },
  });
});

it('has the use of a budget of nothing, of one that is passed, and of none', () => {
  const journal = createMemoryJournal();
  expect(budgetUse({ budgetMicroUsd: null, journal, ratings: null })).toBeNull();
  expect(budgetUse({ budgetMicroUsd: 0, journal, ratings: null })).toMatchObject({ usedPercent: 100 });
  const spent = { spentMicroUsd: () => 15_000, openMicroUsd: () => 0 };
  expect(budgetUse({ budgetMicroUsd: 10_000, journal: spent, ratings: null })).toEqual({
    ...{ limitUsd: 0.01, usedUsd: 0.015, remainingUsd: 0, usedPercent: 150 },
  });
});

it('never allows more than the budget pays for', async () => {
  const prices = fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(prices, fc.integer({ min: 0, max: 300_000 }), async (each, budget) => {
      const short = await shortOf(plansAt(...each), budget);
      const total = each.reduce((sum, price) => sum + price, 0);
      expect(short === null).toBe(total <= budget);
      if (short === null) return;
      const cheapest = each.toSorted((a, b) => a - b).slice(0, short.allowed);
      expect(cheapest.reduce((sum, price) => sum + price, 0)).toBeLessThanOrEqual(budget);
      expect(short.neededUsd * 1_000_000).toBeGreaterThanOrEqual(total - 1);
    }),
  );
});
