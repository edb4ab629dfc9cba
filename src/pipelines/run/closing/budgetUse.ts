import { toMicroUsd } from '../../../base/text.ts';
import type { BudgetUse } from '../../../events/totals.ts';
import type { RunJournal } from '../../../store/entries.ts';
import type { OpenRun } from '../settings.ts';

type Money = Pick<RunJournal, 'spentMicroUsd' | 'openMicroUsd'>;

/** The journals that know the money of a run folder. */
interface FolderMoney {
  readonly journal: Money;
  /** Null if there are no ratings by a model. */
  readonly ratings: Money | null;
}

/** The parts of an open run that know its money. */
export interface Budgeted extends FolderMoney, Pick<OpenRun, 'budgetMicroUsd'> {}

/** Returns the money that all runs of a folder have spent, ratings included. */
export function spentInFolder({ journal, ratings }: FolderMoney): number {
  return journal.spentMicroUsd() + (ratings?.spentMicroUsd() ?? 0);
}

/** Returns the money that all runs of a folder have reserved for attempts that are open. */
export function openInFolder({ journal, ratings }: FolderMoney): number {
  return journal.openMicroUsd() + (ratings?.openMicroUsd() ?? 0);
}

/** Returns the money of the budget that is spent, or reserved for open attempts. */
export function usedMicroUsd(money: FolderMoney): number {
  return spentInFolder(money) + openInFolder(money);
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
