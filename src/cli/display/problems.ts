import { createStageCounter, type FailuresByStage } from '../../sinks/report/tallies.ts';
import type { Outcome } from '../../types.ts';
import { createCauses, type FailureCause, willRepeat, withoutIds } from './causes.ts';
import { plainText } from './text.ts';

/** The jobs that were not saved, and their reasons. */
export interface Problems {
  /** The failures, grouped by cause. */
  readonly causes: readonly FailureCause[];
  /** Failures with the cause of the newest one, itself included; 0 if there is none. */
  readonly sameCause: number;
  readonly failuresByStage: FailuresByStage;
  /** Failures that may succeed in another run. */
  readonly recoverableFailures: number;
  /** Failures that happen again as long as the request stays the same. */
  readonly repeatingFailures: number;
  /**
   * Reasons of skipped jobs, with their numbers; empty: further ones, or none given. Jobs that the
   * run left at its end, without an event, are not among them.
   */
  readonly skipReasons: ReadonlyMap<string, number>;
}

/** Reasons to skip jobs that are counted apart. */
const MOST_REASONS = 5;

/** Returns a reason of several jobs, in words that name no prediction. */
function ofSeveral(reason: string): string {
  return reason
    .replace(/\bprediction … was\b/, 'their predictions were')
    .replace(/\bPrediction … was\b/, 'Their predictions were')
    .replace(/ …/g, '');
}

/** Collects the reasons of jobs that were not saved. */
export function collectProblems() {
  const causes = createCauses();
  const stages = createStageCounter();
  const skipReasons = new Map<string, { readonly text: string; readonly count: number }>();
  let sameCause = 0;
  let recoverableFailures = 0;
  let repeatingFailures = 0;
  const add = (outcome: Outcome): void => {
    const { status, error } = outcome;
    if (status === 'skipped') {
      const text = plainText(error?.message ?? '');
      const exact = withoutIds(text);
      const reason = skipReasons.has(exact) || skipReasons.size < MOST_REASONS ? exact : '';
      skipReasons.set(reason, { text, count: (skipReasons.get(reason)?.count ?? 0) + 1 });
    }
    if (status !== 'failed') return;
    stages.add(outcome);
    sameCause = causes.add(outcome);
    if (error?.recoverable) recoverableFailures += 1;
    if (willRepeat(outcome)) repeatingFailures += 1;
  };
  const found = (): Problems => ({
    sameCause,
    recoverableFailures,
    repeatingFailures,
    skipReasons: new Map(
      [...skipReasons].map(([reason, { text, count }]) => [
        count === 1 && reason !== '' ? text : ofSeveral(reason),
        count,
      ]),
    ),
    causes: causes.causes(),
    failuresByStage: stages.counts(),
  });
  return { found, add };
}
