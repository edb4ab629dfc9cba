import { toMicroUsd } from '../base/text.ts';
import type { Outcome } from '../types.ts';
import { addCost, type CostChange, type CostSum, correctCost, isCostIncomplete } from './costSum.ts';

/** The use of a budget. */
export interface BudgetUse {
  readonly limitUsd: number;
  /** Spent by all runs of the folder, or reserved for open attempts. */
  readonly usedUsd: number;
  /** Never below 0. */
  readonly remainingUsd: number;
  /** Part of the budget that is used, rounded to tenths. */
  readonly usedPercent: number;
}

/** Skipped jobs whose prediction was created, or may have been, and whose images are not saved. */
export interface LeftJobs {
  readonly jobs: number;
  /** Their expected price, which stays reserved until the images are saved. */
  readonly reservedUsd: number;
}

/** Running totals of a run. */
export interface RunTotals {
  readonly total: number;
  readonly saved: number;
  readonly failed: number;
  readonly skipped: number;
  /** Part of `skipped` whose images need no further prediction; at the end. Absent: none. */
  readonly left?: LeftJobs;
  /** Saved by an earlier run in the same folder; not part of the three above. */
  readonly alreadySaved: number;
  readonly costUsd: number;
  /** True if `costUsd` is not the last word: jobs have no known price, or an estimated one. */
  readonly costIncomplete: boolean;
  /** Jobs without a known price, which make `costUsd` too low. Absent: none. */
  readonly unpricedJobs?: number;
  /** Part of `costUsd` that is an estimate, as in an outcome. Absent: none. */
  readonly estimatedUsd?: number;
  /**
   * The budget with which all jobs could be made, in whole cents: spent and reserved money, and the
   * price of the rest. Only after a run whose budget did not cover all of its jobs.
   */
  readonly budgetNeededUsd?: number;
  /** The use of the run's budget, at its end. Absent: it has none. */
  readonly budget?: BudgetUse;
}

/** Returns the totals of a run before its first outcome. */
export function noTotals(total: number, alreadySaved = 0): RunTotals {
  return { total, alreadySaved, saved: 0, failed: 0, skipped: 0, costUsd: 0, costIncomplete: false };
}

/** Returns totals with one more outcome. */
export function addOutcome(totals: RunTotals, outcome: Outcome): RunTotals {
  const { status } = outcome;
  return withCost({ ...totals, [status]: totals[status] + 1 }, addCost(costOf(totals), outcome));
}

/** Returns totals in which the cost of a job is corrected. */
export function correctTotals(totals: RunTotals, change: CostChange): RunTotals {
  return withCost(totals, correctCost(costOf(totals), change));
}

function costOf({ costUsd, estimatedUsd = 0, unpricedJobs = 0 }: RunTotals): CostSum {
  return {
    costMicroUsd: toMicroUsd(costUsd),
    estimatedMicroUsd: toMicroUsd(estimatedUsd),
    unpricedJobs,
  };
}

function withCost(
  { unpricedJobs: _unpriced, estimatedUsd: _estimated, ...totals }: RunTotals,
  cost: CostSum,
): RunTotals {
  const { costMicroUsd, estimatedMicroUsd, unpricedJobs } = cost;
  return {
    ...totals,
    costUsd: costMicroUsd / 1_000_000,
    costIncomplete: isCostIncomplete(cost),
    ...(unpricedJobs > 0 && { unpricedJobs }),
    ...(estimatedMicroUsd > 0 && { estimatedUsd: estimatedMicroUsd / 1_000_000 }),
  };
}

/** Adds in whole millionths, so that a hundred thousand cents do not drift. */
export function addUsd(a: number, b: number): number {
  return (toMicroUsd(a) + toMicroUsd(b)) / 1_000_000;
}
