import { defaultIfEmpty, type OperatorFunction, scan } from 'rxjs';
import type { Outcome, RunTotals } from '../types.ts';

export interface TallyConfig {
  /** Jobs of the input. */
  total: number;
  /** Of these, saved by earlier runs. Default 0. */
  alreadySaved?: number;
}

/**
 * Counts outcomes and money as they come: emits the totals so far after each outcome, and once where there is none.
 *
 *     outcomes: s, u saved, f failed, k skipped    s-f-u-k|
 *     saved                                        1-1-2-2|
 *     failed                                       0-1-1-1|
 *     skipped                                      0-0-0-1|
 */
export function tally(config: TallyConfig): OperatorFunction<Outcome, RunTotals> {
  const { total, alreadySaved = 0 } = config;
  const none: RunTotals = {
    total,
    alreadySaved,
    saved: 0,
    failed: 0,
    skipped: 0,
    costUsd: 0,
    costIncomplete: false,
  };
  return (outcomes) => outcomes.pipe(scan(count, none), defaultIfEmpty(none));
}

function count(totals: RunTotals, { status, costUsd }: Outcome): RunTotals {
  return {
    ...totals,
    [status]: totals[status] + 1,
    costUsd: addUsd(totals.costUsd, costUsd ?? 0),
    costIncomplete: totals.costIncomplete || costUsd === null,
  };
}

/** Adds in whole millionths, so that a hundred thousand cents do not drift. */
function addUsd(a: number, b: number): number {
  return (Math.round(a * 1_000_000) + Math.round(b * 1_000_000)) / 1_000_000;
}
