import { toMicroUsd } from '../base/text.ts';
import type { Outcome } from '../types.ts';

/** The money of jobs in whole millionths of a US dollar, and the uncertain parts of it. */
export interface CostSum {
  readonly costMicroUsd: number;
  /** Part of the cost that is an estimate. */
  readonly estimatedMicroUsd: number;
  /** Jobs without a known price, which make the cost too low. */
  readonly unpricedJobs: number;
}

export const noCost: CostSum = { costMicroUsd: 0, estimatedMicroUsd: 0, unpricedJobs: 0 };

/**
 * Returns a sum with one more job. One that failed counts like a saved one: its cost is null only
 * if its prediction was paid, and the download or a destination failed.
 */
export function addCost(
  sum: CostSum,
  { costUsd, estimatedUsd = 0 }: Pick<Outcome, 'costUsd' | 'estimatedUsd'>,
): CostSum {
  return {
    costMicroUsd: sum.costMicroUsd + toMicroUsd(costUsd ?? 0),
    estimatedMicroUsd: sum.estimatedMicroUsd + toMicroUsd(estimatedUsd),
    unpricedJobs: sum.unpricedJobs + (costUsd === null ? 1 : 0),
  };
}

/**
 * Returns an outcome as a run counts it: without the part of its cost that earlier runs have
 * counted; Infinity is all of it.
 */
export function countedOnce(outcome: Outcome, paidBeforeUsd: number): Outcome {
  if (paidBeforeUsd === 0) return outcome;
  const { costUsd, estimatedUsd = 0, ...others } = outcome;
  if (costUsd === null && paidBeforeUsd !== Number.POSITIVE_INFINITY) return outcome;
  const ownMicroUsd = Math.max(0, toMicroUsd(costUsd ?? 0) - toMicroUsd(paidBeforeUsd));
  const estimatedMicroUsd = Math.min(toMicroUsd(estimatedUsd), ownMicroUsd);
  return {
    ...others,
    costUsd: ownMicroUsd / 1_000_000,
    ...(estimatedMicroUsd > 0 && { estimatedUsd: estimatedMicroUsd / 1_000_000 }),
  };
}

/** The change of a job's cost, once the service has reported it. */
export interface CostChange {
  /** The job's cost less the amount booked before. */
  readonly costChangeUsd: number;
  /** The estimate that the cost replaces; 0 if it was none. */
  readonly estimateUsd: number;
}

/** Returns a sum in which the cost of a job is corrected. */
export function correctCost(sum: CostSum, { costChangeUsd, estimateUsd }: CostChange): CostSum {
  return {
    ...sum,
    costMicroUsd: sum.costMicroUsd + toMicroUsd(costChangeUsd),
    estimatedMicroUsd: Math.max(0, sum.estimatedMicroUsd - toMicroUsd(estimateUsd)),
  };
}

/**
 * Returns true if a cost is not the last word: jobs have no known price, or an estimated one. This
 * is `costIncomplete` of totals, progress, reports and `runs --json`.
 */
export function isCostIncomplete({
  unpricedJobs,
  estimatedMicroUsd,
}: Pick<CostSum, 'unpricedJobs' | 'estimatedMicroUsd'>): boolean {
  return unpricedJobs > 0 || estimatedMicroUsd > 0;
}
