import { toMicroUsd } from '../../base/text.ts';
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
  /** Part of `costUsd` that was paid for what is no longer asked for; absent if there is none. */
  readonly unused?: UnusedCost;
  /** The use of the last run's budget; absent if it had none. */
  readonly budget?: BudgetUse;
}

/** Adds up the money of outcomes, and of what belongs to none. */
export function createMoneyCounter() {
  let microUsd = 0;
  let estimatedMicroUsd = 0;
  let unpriced = 0;
  const unused = { count: 0, microUsd: 0 };
  return {
    add({ status, costUsd, estimatedUsd = 0 }: Outcome): void {
      microUsd += toMicroUsd(costUsd ?? 0);
      estimatedMicroUsd += toMicroUsd(estimatedUsd);
      if (status === 'saved' && costUsd === null) unpriced += 1;
    },
    addUnused({ status, costUsd, estimatedUsd = 0 }: Outcome): void {
      unused.count += 1;
      unused.microUsd += toMicroUsd(costUsd ?? 0);
      estimatedMicroUsd += toMicroUsd(estimatedUsd);
      if (status === 'saved' && costUsd === null) unpriced += 1;
    },
    sums: (surplus?: Surplus) => ({
      costUsd: (microUsd + unused.microUsd + toMicroUsd(surplus?.costUsd ?? 0)) / 1_000_000,
      ...(surplus && { surplus }),
      ...(unused.count > 0 && { unused: { count: unused.count, costUsd: unused.microUsd / 1_000_000 } }),
      estimatedUsd: estimatedMicroUsd / 1_000_000,
      costIncomplete: unpriced > 0 || estimatedMicroUsd > 0,
    }),
  };
}
