import { toMicroUsd } from '../../base/text.ts';
import { addCost, isCostIncomplete, noCost } from '../../events/costSum.ts';
import type { BudgetUse } from '../../events/totals.ts';
import type { Outcome } from '../../types.ts';
import type { ModelTotals } from './tallies.ts';

export interface ModelCost extends ModelTotals {
  /** The price behind the cost, and its source; null if none is known. */
  readonly price: string | null;
}

/**
 * Predictions that equal a request of a run but belong to no job: they were made twice, or for jobs
 * that the input no longer asks for.
 */
export interface Surplus {
  readonly count: number;
  readonly costUsd: number;
  readonly predictionIds: readonly string[];
}

/** Results that the input no longer asks for, as `unused.jsonl` lists them. */
export interface UnusedCost {
  readonly count: number;
  readonly costUsd: number;
}

/** The money that was paid, in a report. */
export interface ReportedCosts {
  readonly costUsd: number;
  /** Part of `costUsd` that is an estimate, as in an outcome; 0 if none is. */
  readonly estimatedUsd: number;
  /** True if `costUsd` is not the last word: jobs have no known price, or an estimated one. */
  readonly costIncomplete: boolean;
  readonly costByModel: Readonly<Record<string, ModelCost>>;
  /** Part of `costUsd` that was paid for no job; absent if nothing was. */
  readonly surplus?: Surplus;
  /** Part of `costUsd` of images that no job asks for any more; absent if there is none. */
  readonly unused?: UnusedCost;
  /** The use of the last run's budget; absent if it had none. */
  readonly budget?: BudgetUse;
}

/** Adds up the money of outcomes, and of predictions that belong to none. */
export function createMoneyCounter() {
  let jobs = noCost;
  let unused = { count: 0, cost: noCost };
  return {
    add(outcome: Outcome): void {
      jobs = addCost(jobs, outcome);
    },
    addUnused(outcome: Outcome): void {
      unused = { count: unused.count + 1, cost: addCost(unused.cost, outcome) };
    },
    sums(surplus?: Surplus) {
      const { count, cost } = unused;
      const estimatedMicroUsd = jobs.estimatedMicroUsd + cost.estimatedMicroUsd;
      const paidMicroUsd = jobs.costMicroUsd + cost.costMicroUsd + toMicroUsd(surplus?.costUsd ?? 0);
      return {
        costUsd: paidMicroUsd / 1_000_000,
        ...(surplus && { surplus }),
        ...(count > 0 && { unused: { count, costUsd: cost.costMicroUsd / 1_000_000 } }),
        estimatedUsd: estimatedMicroUsd / 1_000_000,
        costIncomplete: isCostIncomplete(jobs) || isCostIncomplete(cost),
      };
    },
  };
}
