import { toMicroUsd } from '../base/text.ts';
import type { Outcome } from '../types.ts';
import type { RunTotals } from './runEvent.ts';

/** Returns the totals of a run before its first outcome. */
export function noTotals(total: number, alreadySaved = 0): RunTotals {
  return { total, alreadySaved, saved: 0, failed: 0, skipped: 0, costUsd: 0, costIncomplete: false };
}

/** Returns totals with one more outcome. */
export function addOutcome(
  totals: RunTotals,
  { status, costUsd, estimatedUsd: ownUsd = 0 }: Outcome,
): RunTotals {
  const unpricedJobs = (totals.unpricedJobs ?? 0) + (costUsd === null ? 1 : 0);
  const estimatedUsd = addUsd(totals.estimatedUsd ?? 0, ownUsd);
  return withCost(
    { ...totals, [status]: totals[status] + 1 },
    { costUsd: addUsd(totals.costUsd, costUsd ?? 0), unpricedJobs, estimatedUsd },
  );
}

/** The cost of a run, and what is not certain about it. */
interface TotalCost {
  readonly costUsd: number;
  readonly unpricedJobs: number;
  readonly estimatedUsd: number;
}

/** Returns totals with another cost. */
export function withCost(
  { unpricedJobs: _unpriced, estimatedUsd: _estimated, ...totals }: RunTotals,
  { costUsd, unpricedJobs, estimatedUsd }: TotalCost,
): RunTotals {
  return {
    ...totals,
    costUsd,
    costIncomplete: unpricedJobs > 0 || estimatedUsd > 0,
    ...(unpricedJobs > 0 && { unpricedJobs }),
    ...(estimatedUsd > 0 && { estimatedUsd }),
  };
}

/** Adds in whole millionths, so that a hundred thousand cents do not drift. */
export function addUsd(a: number, b: number): number {
  return (toMicroUsd(a) + toMicroUsd(b)) / 1_000_000;
}
