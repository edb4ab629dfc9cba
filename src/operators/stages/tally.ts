import { defaultIfEmpty, type OperatorFunction, scan } from 'rxjs';
import type { RunTotals } from '../../events/totals.ts';
import { addOutcome, noTotals } from '../../events/totals.ts';
import type { Outcome } from '../../types.ts';
import { expectCount } from '../internal/options.ts';

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
  expectCount(total, 'total', 0);
  const none = noTotals(total, alreadySaved);
  const free = (outcome: Outcome) =>
    outcome.status === 'saved' && isPaidBefore(outcome)
      ? { ...outcome, costUsd: 0, estimatedUsd: 0 }
      : outcome;
  return (outcomes) =>
    outcomes.pipe(
      scan((totals, outcome) => addOutcome(totals, free(outcome)), none),
      defaultIfEmpty(none),
    );
}
