import { expectedPrice } from '../../../operators/stages/budgetTake.ts';
import { hasOpenAttempt } from '../../../store/entries.ts';
import type { Plan } from '../../../types.ts';
import type { GenerateConfig } from '../../journey/config.ts';
import { type Budgeted, usedMicroUsd, wholeCents } from '../closing/budgetUse.ts';
import type { PlanSource } from '../recoveryRounds.ts';
import type { OpenRun } from '../settings.ts';

/** The parts of an open run that decide whether its budget suffices. */
interface Checked extends Budgeted, Pick<OpenRun, 'isSaved' | 'isChosen'> {
  readonly journal: Pick<OpenRun['journal'], 'find' | 'spentMicroUsd' | 'openMicroUsd'>;
  readonly config: Pick<GenerateConfig, 'answers' | 'emit'>;
}

/**
 * Compares the budget of a run with the prices of the jobs that are left, before anything is paid:
 * emits `budget.short` if it does not suffice for all of them, each at its first attempt. Ratings
 * are not in it. Reads the plans once, and only if there is a budget.
 */
export async function warnOfShortBudget(plans: PlanSource, run: Checked): Promise<void> {
  const { budgetMicroUsd, isSaved, isChosen, config } = run;
  if (budgetMicroUsd === null) return;
  const used = usedMicroUsd(run);
  let available = Math.max(0, budgetMicroUsd - used);
  let needed = used;
  let requested = 0;
  let allowed = 0;
  for await (const plan of plans()) {
    if (isSaved(plan) || !isChosen(plan.index)) continue;
    requested += 1;
    const price = priceLeft(plan, run);
    needed += price ?? 0;
    // A budget refuses jobs without a known price.
    if (price === null || price > available) continue;
    available -= price;
    allowed += 1;
  }
  if (allowed === requested) return;
  const neededUsd = wholeCents(needed);
  config.emit?.({ type: 'budget.short', requested, allowed, limitMicroUsd: budgetMicroUsd, neededUsd });
}

/** Returns the price of a job; 0 if an open attempt of it has its money already. */
function priceLeft(plan: Plan, { journal, config }: Checked): number | null {
  const record = journal.find(plan.index);
  const isOpen = record !== undefined && record.key === plan.key && hasOpenAttempt(record);
  return isOpen ? 0 : expectedPrice(plan, config.answers ?? {});
}
