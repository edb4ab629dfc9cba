import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  finalize,
  ignoreElements,
  last,
  map,
  mergeMap,
  type Observable,
  of,
  tap,
} from 'rxjs';
import { fromAbortable } from '../fromAbortable.ts';
import { pullMap } from '../operators/pullMap.ts';
import { tally } from '../operators/tally.ts';
import type { Outcome, RunTotals } from '../types.ts';
import { finishRun } from './finishRun.ts';
import { generate } from './generate.ts';
import { type OpenRun, openRun, type RunSettings } from './openRun.ts';
import { skippedOutcome } from './skippedOutcome.ts';
import type { PlanSource } from './unfinishedPlans.ts';

/** How a run ended. */
export interface RunEnd {
  readonly totals: RunTotals;
  /** What stopped the whole run: the service (401, 402), the disk; null where every job was tried. */
  readonly fault: unknown;
  readonly elapsedMs: number;
}

/**
 * A whole run in its folder: opens it, makes what is missing, leaves manifest and report, and emits once how it ended.
 * Jobs that a stop or a fault kept from being tried are written down as skipped, so that each job has its outcome.
 *
 * Emits `UsageError` or `StorageError` where the folder cannot be used; nothing was created then.
 */
export function runToFolder(plans: PlanSource, total: number, settings: RunSettings): Observable<RunEnd> {
  return fromAbortable(() => openRun(settings)).pipe(
    concatMap((run) => work(plans, total, run).pipe(finalize(() => run.close()))),
  );
}

function work(plans: PlanSource, total: number, run: OpenRun): Observable<RunEnd> {
  const { emit = () => {}, folder, concurrency = 10 } = run.config;
  const startedAtMs = Date.now();
  const alreadySaved = run.journal.savedCount();
  let fault: unknown = null;
  const made = generate(plans, run.config).pipe(
    catchError((error: unknown) => {
      fault = error;
      return EMPTY;
    }),
  );
  const skipped = defer(() => skipTheRest(plans, run, fault));
  emit({ type: 'started', folder, total, alreadySaved, concurrency });
  return concat(made, skipped).pipe(
    tally({ total, alreadySaved }),
    last(),
    concatMap((totals) => {
      const end: RunEnd = { totals, fault, elapsedMs: Date.now() - startedAtMs };
      return finishRun(end, run);
    }),
    tap(({ totals, elapsedMs }) => emit({ type: 'done', totals, elapsedMs })),
  );
}
