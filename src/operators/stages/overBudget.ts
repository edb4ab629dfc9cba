import { formatUsd } from '../../base/text.ts';
import { BudgetError, option } from '../../errors.ts';
import type { SpendingPeriod } from '../../types.ts';

/** What to do if a run in a folder has spent its budget. */
const runAdvice = `Raise ${option('--budget')} and run the same command again. Saved images are not made or paid for again.`;

/**
 * The error of a request that the rest of a budget does not cover, or that has no known price;
 * `period` names the time if it is the limit of a day or a month. `advice` is that for a budget.
 */
export function overBudget(
  model: string,
  priceMicroUsd: number | null,
  period: SpendingPeriod | null = null,
  advice = runAdvice,
): BudgetError {
  if (priceMicroUsd === null) {
    return new BudgetError(`No price is known for ${model}, and there is a budget to keep.`, {
      suggestion: 'Name its price, or run it without a budget.',
    });
  }
  if (period !== null) return overPeriod(priceMicroUsd, period);
  return new BudgetError(`The rest of the budget does not cover this image (${formatUsd(priceMicroUsd)}).`, {
    recoverable: true,
    suggestion: advice,
  });
}

function overPeriod(priceMicroUsd: number, period: SpendingPeriod): BudgetError {
  const [flag, when] =
    period === 'day'
      ? [option('--budget-per-day'), 'tomorrow']
      : [option('--budget-per-month'), 'next month'];
  return new BudgetError(
    `The rest of this ${period}'s limit for all runs of this machine does not cover this image (${formatUsd(priceMicroUsd)}).`,
    {
      code: 'ERR_OVER_SPENDING_LIMIT',
      recoverable: true,
      suggestion: `Run the same command again ${when}, or raise ${flag}. Saved images are not made or paid for again.`,
    },
  );
}
