import { defaultIfEmpty, type OperatorFunction, scan } from 'rxjs';
import { countedOnce } from '../../events/costSum.ts';
import type { RunTotals } from '../../events/totals.ts';
import { addOutcome, noTotals } from '../../events/totals.ts';
import type { Outcome } from '../../types.ts';
import { expectConfig, expectCount } from '../internal/options.ts';

export interface TallyConfig {
  /** Jobs of the input. */
  total: number;
  /** Jobs of the input that earlier runs saved. Default 0. */
  alreadySaved?: number;
  /**
   * Returns the part of a job's cost that earlier runs have counted, in US dollars; Infinity for
   * all of it. Default 0.
   */
  paidBeforeUsd?: (outcome: Outcome) => number;
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
  expectConfig(config, 'total');
  const { total, alreadySaved = 0, paidBeforeUsd = () => 0 } = config;
  expectCount(total, 'total', 0);
  const none = noTotals(total, alreadySaved);
  return (outcomes) =>
    outcomes.pipe(
      scan((totals, outcome) => addOutcome(totals, countedOnce(outcome, paidBeforeUsd(outcome))), none),
      defaultIfEmpty(none),
    );
}
