import { toMicroUsd } from '../../../base/text.ts';
import type { BudgetUse } from '../../../events/totals.ts';
import type { OpenRun } from '../settings.ts';

/** The parts of an open run that know its money. */
export interface Budgeted extends Pick<OpenRun, 'budgetMicroUsd' | 'ratings'> {
  readonly journal: Pick<OpenRun['journal'], 'spentMicroUsd' | 'openMicroUsd'>;
}

/**
 * Returns the money of the budget that is spent by all runs of the folder, ratings included, or
 * reserved for open attempts.
 */
export function usedMicroUsd({ journal, ratings }: Omit<Budgeted, 'budgetMicroUsd'>): number {
  return journal.spentMicroUsd() + (ratings?.spentMicroUsd() ?? 0) + journal.openMicroUsd();
}

/** Returns the use of a run's budget; null if it has none. */
export function budgetUse({ budgetMicroUsd: limit, ...run }: Budgeted): BudgetUse | null {
  if (limit === null) return null;
  const used = usedMicroUsd(run);
  return {
    limitUsd: limit / 1_000_000,
    usedUsd: used / 1_000_000,
    remainingUsd: Math.max(0, limit - used) / 1_000_000,
    usedPercent: limit === 0 ? 100 : Math.round((used / limit) * 1_000) / 10,
  };
}

/** Returns whole cents that are enough for an amount, in dollars. */
export function wholeCents(microUsd: number): number {
  return Math.ceil(microUsd / toMicroUsd(0.01)) / 100;
}
