import { defaultIfEmpty, type OperatorFunction, scan } from 'rxjs';
import { toMicroUsd } from '../../base/text.ts';
import type { RunTotals } from '../../events/runEvent.ts';
import type { Outcome } from '../../types.ts';

export interface TallyConfig {
  /** Jobs of the input. */
  total: number;
  /** Jobs of the input that earlier runs saved. Default 0. */
  alreadySaved?: number;
  /**
   * Returns true if a saved job was paid for earlier: it counts, its cost does not. Default: never.
   */
  isPaidBefore?: (outcome: Outcome) => boolean;
}

/**
 * Counts outcomes and money: emits the totals so far after each outcome, and once if there is none.
 *
 *     outcomes: s, u saved, f failed, k skipped    s-f-u-k|
 *     saved                                        1-1-2-2|
 *     failed                                       0-1-1-1|
 *     skipped                                      0-0-0-1|
 */
export function tally(config: TallyConfig): OperatorFunction<Outcome, RunTotals> {
  const { total, alreadySaved = 0, isPaidBefore = () => false } = config;
  const none: RunTotals = {
    total,
    alreadySaved,
    saved: 0,
    failed: 0,
    skipped: 0,
    costUsd: 0,
    costIncomplete: false,
  };
  const free = (outcome: Outcome) =>
    outcome.status === 'saved' && isPaidBefore(outcome)
      ? { ...outcome, costUsd: 0, estimatedUsd: 0 }
      : outcome;
  return (outcomes) =>
    outcomes.pipe(
      scan((totals, outcome) => count(totals, free(outcome)), none),
      defaultIfEmpty(none),
    );
}

function count(totals: RunTotals, { status, costUsd, estimatedUsd: ownUsd = 0 }: Outcome): RunTotals {
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
