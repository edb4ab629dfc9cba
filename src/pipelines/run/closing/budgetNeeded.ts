import { createIndexSet, type IndexSet } from '../../../base/indexSet.ts';
import { expectedPrice } from '../../../operators/stages/budgetTake.ts';
import { hasOpenAttempt } from '../../../store/entries.ts';
import type { GenerateConfig } from '../../journey/config.ts';
import type { PlanSource } from '../recoveryRounds.ts';
import type { OpenRun } from '../settings.ts';
import { usedMicroUsd, wholeCents } from './budgetUse.ts';
import type { RunEnd } from './results.ts';

/** The parts of an open run that its further needs are computed from. */
interface Needy extends Pick<OpenRun, 'isChosen' | 'ratings'> {
  readonly config?: Pick<GenerateConfig, 'answers'>;
  readonly manifest: Pick<OpenRun['manifest'], 'outcomes'>;
  readonly journal: Pick<OpenRun['journal'], 'find' | 'spentMicroUsd' | 'openMicroUsd'>;
}

/**
 * Adds to the totals of a run the budget with which all of its jobs could be made: everything spent
 * and reserved in the folder, and the price of the jobs that are left, rounded up to whole cents.
 * Leaves the totals as they are if the budget kept no job from being made, or if no price is known
 * for one of them.
 */
export async function addBudgetNeeded(end: RunEnd, plans: PlanSource, run: Needy): Promise<RunEnd> {
  const { totals } = end;
  if (totals.skipped === 0) return end;
  const { left, isOverBudget } = await unsavedJobs(run);
  if (!isOverBudget) return end;
  const leftMicroUsd = await priceOf(left, plans, run);
  if (leftMicroUsd === null) return end;
  const budgetNeededUsd = wholeCents(usedMicroUsd(run) + leftMicroUsd);
  return { ...end, totals: { ...totals, budgetNeededUsd } };
}

/** Finds the jobs that another run would make. */
async function unsavedJobs({ manifest, isChosen }: Pick<Needy, 'manifest' | 'isChosen'>): Promise<{
  readonly left: IndexSet;
  readonly isOverBudget: boolean;
}> {
  const left = createIndexSet();
  let isOverBudget = false;
  for await (const { index, status, error } of manifest.outcomes()) {
    if (status === 'saved' || !isChosen(index)) continue;
    left.add(index);
    isOverBudget ||= error?.code === 'ERR_OVER_BUDGET';
  }
  return { left, isOverBudget };
}

/**
 * Adds up the prices of jobs; null if one of them is not known. A job with an open attempt counts
 * nothing: the money for it is spent or reserved.
 */
async function priceOf(
  jobs: IndexSet,
  plans: PlanSource,
  { journal, config }: Pick<Needy, 'journal' | 'config'>,
): Promise<number | null> {
  let microUsd = 0;
  for await (const plan of plans()) {
    const { index, key } = plan;
    if (!jobs.has(index)) continue;
    const record = journal.find(index);
    const isOpen = record !== undefined && record.key === key && hasOpenAttempt(record);
    if (isOpen) continue;
    const priceMicroUsd = expectedPrice(plan, config?.answers ?? {});
    if (priceMicroUsd === null) return null;
    microUsd += priceMicroUsd;
  }
  return microUsd;
}
