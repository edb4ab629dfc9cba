import {
  asyncScheduler,
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  finalize,
  from,
  ignoreElements,
  last,
  map,
  type Observable,
  of,
  tap,
  throwError,
} from 'rxjs';
import { fromAbortable } from '../fromAbortable.ts';
import { pullMap } from '../operators/pullMap.ts';
import { tally } from '../operators/tally.ts';
import type { Report } from '../sinks/Report.ts';
import type { Outcome, Plan, RunTotals } from '../types.ts';
import { countSaved } from './countSaved.ts';
import { deliverEarlier } from './deliverEarlier.ts';
import { expectSameFiles } from './expectSameFiles.ts';
import { finishRun } from './finishRun.ts';
import { generate } from './generate.ts';
import { midRunFault } from './midRunFault.ts';
import { type OpenRun, openRun, type RunSettings } from './openRun.ts';
import { showPictures } from './showPictures.ts';
import { skippedOutcome } from './skippedOutcome.ts';
import type { PlanSource } from './unfinishedPlans.ts';

/** How a run ended. */
export interface RunEnd {
  readonly totals: RunTotals;
  /** What stopped the whole run: the service (401, 402), the disk; null where every job had its turn. */
  readonly fault: unknown;
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
  return fromAbortable(() => openRun(settings)).pipe(
    concatMap((run) => {
      // Closing is a stage, so that whoever sees the end finds the folder free; the teardown is for who leaves before.
      const closed = defer(() => run.close());
      const { resumeAnyway = false, haveFiles = true } = settings;
      const checked =
        resumeAnyway || !haveFiles ? EMPTY : defer(() => expectSameFiles(plans, run)).pipe(ignoreElements());
      const counted = defer(() => countSaved(plans, total, run, resumeAnyway));
      return concat(checked, counted).pipe(
        concatMap((alreadySaved) => makeMissing(plans, { total, alreadySaved }, run)),
        concatMap((end) => finish(end, run)),
        concatMap((end) => closed.pipe(map(() => end))),
        catchError((error: unknown) => closed.pipe(concatMap(() => throwError(() => error)))),
        // Whoever left before the end is not there to be told.
        finalize(() => void run.close().catch(() => {})),
      );
    }),
  );
}

/** Makes what is missing and gives every other job an outcome too. The first fault is the one that is told. */
function makeMissing(
  plans: PlanSource,
  { total, alreadySaved }: Pick<RunTotals, 'total' | 'alreadySaved'>,
  run: OpenRun,
): Observable<RunEnd> {
  const { emit = () => {}, folder, concurrency = 10, scheduler = asyncScheduler } = run.config;
  return defer(() => {
    const startedAtMs = scheduler.now();
    let fault: unknown = null;
    const noteFault = catchError<Outcome, typeof EMPTY>((error: unknown) => {
      fault ??= midRunFault(error);
      return EMPTY;
    });
    emit({ type: 'run.started', folder, total, alreadySaved, concurrency });
    const earlier = deliverEarlier(run).pipe(noteFault, ignoreElements());
    return concat(
      earlier,
      generate(plans, run.config).pipe(noteFault),
      withoutOutcome(plans, run).pipe(noteFault),
    ).pipe(
      tally({ total, alreadySaved }),
      last(),
      map((totals) => ({ totals, fault, startedAtMs, elapsedMs: scheduler.now() - startedAtMs })),
    );
  });
}

/** Leaves manifest, report and pictures to look at, and tells how it ended, whether or not the disk took them. */
function finish(end: RunEnd, run: OpenRun): Observable<FinishedRun> {
  const tell = () =>
    run.config.emit?.({ type: 'run.completed', totals: end.totals, elapsedMs: end.elapsedMs });
  return from(finishRun(end, run)).pipe(
    concatMap((report) => concat(showPictures(report, run), of({ ...end, report }))),
    catchError((error: unknown) => throwError(() => end.fault ?? error)),
    tap({ next: tell, error: tell }),
  );
}

/** Writes down the jobs that have no outcome when everything else is done: there are some only after a stop or a fault. */
function withoutOutcome(plans: PlanSource, run: OpenRun): Observable<Outcome> {
  const { manifest, journal } = run;
  const write = (plan: Plan) => manifest.append(skippedOutcome(plan, journal.find(plan.index)));
  return pullMap(plansWithoutOutcome(plans, run), write, { concurrency: 64 });
}

async function* plansWithoutOutcome(plans: PlanSource, { manifest }: OpenRun): AsyncGenerator<Plan> {
  for await (const plan of plans()) {
    if (!manifest.has(plan.index)) yield plan;
  }
}
