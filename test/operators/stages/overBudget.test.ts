import { lastValueFrom, of } from 'rxjs';
import { expect, it } from 'vitest';
import { BudgetError } from '../../../src/errors.ts';
import { budgetTake, createLedger } from '../../../src/operators/stages/budgetTake.ts';
import { overBudget } from '../../../src/operators/stages/overBudget.ts';

it('names the price of the image, and suggests the same command with a larger budget', () => {
  const error = overBudget('a/b', 3_000);
  expect(error).toBeInstanceOf(BudgetError);
  expect(error.message).toBe('The rest of the budget does not cover this image ($0.003).');
  expect(error.recoverable).toBe(true);
  expect(error.suggestion).toContain('run the same command again');
});

it('never guesses a price that is not known', () => {
  const error = overBudget('a/b', null);
  expect(error.message).toBe('No price is known for a/b, and there is a budget to keep.');
  // The same command would end the same way.
  expect(error.recoverable).toBe(false);
});

it.each([
  ['day', 'tomorrow', 'budget-per-day'],
  ['month', 'next month', 'budget-per-month'],
] as const)('names the limit of a %s, which other runs use up, too', (period, when, flag) => {
  const error = overBudget('a/b', 3_000, period);
  expect(error.code).toBe('ERR_OVER_SPENDING_LIMIT');
  expect(error.message).toContain(`The rest of this ${period}'s limit for all runs of this machine`);
  expect(error.suggestion).toContain(when);
  expect(error.suggestion).toMatch(new RegExp(flag.replaceAll('-', '-?'), 'i'));
});

it('advises a pipe of your own about its ledger, not about a run in a folder', async () => {
  const request = { model: 'owner/name', input: {}, priceMicroUsd: 3 };
  const item = await lastValueFrom(of(request).pipe(budgetTake(createLedger({ limitMicroUsd: 2 }))));
  expect(item).toMatchObject({
    error: {
      code: 'ERR_OVER_BUDGET',
      suggestion: 'Raise `limitMicroUsd` of the ledger, and send only the requests again that had no room.',
    },
  });
});
