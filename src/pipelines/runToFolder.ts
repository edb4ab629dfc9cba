import { concat, concatMap, defer, EMPTY, ignoreElements, type Observable } from 'rxjs';
import type { Report } from '../sinks/Report.ts';
import type { RunTotals } from '../types.ts';
import { countSaved } from './countSaved.ts';
import { expectSameFiles } from './expectSameFiles.ts';
import { generate } from './generate.ts';
import { inOpenRun } from './inOpenRun.ts';
import { leaveResults } from './leaveResults.ts';
import type { RunSettings } from './openRun.ts';
import { reopenLost } from './reopenLost.ts';
import { runToEnd } from './runToEnd.ts';
import type { PlanSource } from './unfinishedPlans.ts';

/** How a run ended. */
export interface RunEnd {
  readonly totals: RunTotals;
  /** What stopped the whole run: the service (401, 402), the disk; null where every job had its turn. */
  readonly fault: unknown;
  /** Whether a stop kept the run from beginning more than `totals.total` tells of. Default false. */
  readonly isUnfinished?: boolean;
  readonly startedAtMs: number;
  readonly elapsedMs: number;
}

/** How a run ended, with its report. */
export interface FinishedRun extends RunEnd {
  readonly report: Report;
}

/**
 * A whole run in its folder: opens it, makes what is missing, leaves manifest and report, and emits once how it ended.
 * `total` is the number of plans. Jobs that a stop or a fault kept from their turn are written down as skipped, so
 * each job of the input has its outcome.
 *
 * Emits `UsageError` or `StorageError` where the folder cannot be used; nothing was created then.
 */
export function runToFolder(
  plans: PlanSource,
  total: number,
  settings: RunSettings,
): Observable<FinishedRun> {
  const { resumeAnyway = false, haveFiles = true, isPartial = false } = settings;
  return inOpenRun(settings, (run) => {
    const checked =
      resumeAnyway || !haveFiles ? EMPTY : defer(() => expectSameFiles(plans, run)).pipe(ignoreElements());
    const reopened = isPartial ? EMPTY : defer(() => reopenLost(run)).pipe(ignoreElements());
    const counted = defer(() => countSaved(plans, total, run, resumeAnyway || isPartial));
    return concat(checked, reopened, counted).pipe(
      concatMap((alreadySaved) =>
        runToEnd({ outcomes: generate(plans, run.config), plans, total, alreadySaved }, run),
      ),
      concatMap((end) => leaveResults(end, run)),
    );
  });
}
