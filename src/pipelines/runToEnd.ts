import {
  catchError,
  concat,
  defer,
  EMPTY,
  identity,
  ignoreElements,
  last,
  type MonoTypeOperatorFunction,
  map,
  type Observable,
  tap,
} from 'rxjs';
import { createIndexSet, type IndexSet } from '../base/indexSet.ts';
import { monotonicScheduler, wallNow } from '../base/monotonicScheduler.ts';
import { InvalidRowsError, StorageError, UsageError } from '../errors.ts';
import type { RunTotals } from '../events/totals.ts';
import { tally } from '../operators/stages/tally.ts';
import type { Outcome, Plan } from '../types.ts';
import { type RunEnd, sessionOf } from './run/closing/results.ts';
import { createLeftCounter, skipRemaining } from './run/closing/skipRemaining.ts';
import { concurrencyOf } from './run/concurrency.ts';
import { deliverEarlier } from './run/deliver.ts';
import { strategies } from './run/feeds.ts';
import type { PlanSource } from './run/recoveryRounds.ts';
import { type OpenRun, runDefaults } from './run/settings.ts';

/** Returns a run in which these jobs, too, were paid by earlier runs. */
export function paidBefore(jobs: IndexSet, run: OpenRun): OpenRun {
  const { paidBeforeUsd = () => 0 } = run.config;
  const paidUsd = (outcome: Outcome) =>
    jobs.has(outcome.index) ? Number.POSITIVE_INFINITY : paidBeforeUsd(outcome);
  return { ...run, config: { ...run.config, paidBeforeUsd: paidUsd } };
}

/** The work of a run. */
interface RunWork {
  /** Completes jobs that earlier runs have saved. Default: none. */
  readonly added?: Observable<Outcome>;
  /** Those jobs. Default: none. */
  readonly toAdd?: Pick<IndexSet, 'has'>;
  /** Makes the missing images. */
  readonly outcomes: Observable<Outcome>;
  /** All jobs that have an outcome in the end; read when `outcomes` completes. */
  readonly plans: PlanSource;
  readonly total: number;
  /** True if `plans` are the first `total` jobs, without a gap. Default false. */
  readonly isWhole?: boolean;
  readonly alreadySaved: number;
  /** Jobs that are not chosen, and not saved either. Default 0. */
  readonly leftOut?: number;
  /** True if failures of earlier runs may stay as they are, without a turn. Default false. */
  readonly keepsFailures?: boolean;
  /** When it began, ms since 1970. Default: now. */
  readonly startedAtMs?: number | undefined;
}

const NONE: Pick<IndexSet, 'has'> = { has: () => false };

/**
 * Makes the missing images, and counts every other job as skipped; emits the end of the run with
 * its first fault.
 */
export function runToEnd(
  {
    added = EMPTY,
    toAdd = NONE,
    outcomes,
    plans,
    total,
    isWhole = false,
    alreadySaved,
    leftOut = 0,
    keepsFailures = false,
    startedAtMs: begunAt,
  }: RunWork,
  run: OpenRun,
): Observable<RunEnd> {
  const {
    emit = () => {},
    folder,
    strategy = runDefaults.strategy,
    scheduler = monotonicScheduler,
    paidBeforeUsd,
    service,
  } = run.config;
  const concurrency = concurrencyOf(strategy, run.config.concurrency);
  return defer(() => {
    const nowMs = wallNow(scheduler);
    const startedAtMs = Math.min(nowMs, begunAt ?? nowMs);
    const begunAtMs = scheduler.now() - (nowMs - startedAtMs);
    let fault: unknown = null;
    const expected = total - leftOut;
    let current = alreadySaved;
    const ended = createIndexSet();
    const noteEnd = tap<Outcome>(({ index }) => ended.add(index));
    const reportEach = tap<Outcome>(({ prompt, status, predictionId }) => {
      current += 1;
      const percent = Math.floor((current * 100) / expected);
      const elapsedMs = scheduler.now() - begunAtMs;
      const far = { current, total: expected, percent, elapsedMs };
      emit({ type: 'job.progress', ...far, prompt, status, predictionId });
    });
    const step = strategies[strategy].reportsEachJob ? reportEach : identity;
    const noteFault = catchError<Outcome, typeof EMPTY>((error: unknown) => {
      fault ??= asMidRunError(error);
      return EMPTY;
    });
    const started = { type: 'run.started', folder, total, alreadySaved, concurrency } as const;
    const jobs = leftOut > 0 && { jobs: expected - alreadySaved };
    emit({ ...started, ...jobs, ...(service && { service }) });
    const earlier = deliverEarlier(run).pipe(noteFault, ignoreElements());
    const isEnded = (plan: Plan) => ended.has(plan.index) || (run.isSaved(plan) && !toAdd.has(plan.index));
    const isNoneLeft = () => isWhole && alreadySaved + ended.size >= total;
    const left = createLeftCounter(run);
    const rest = { isEnded, isNoneLeft, total, keepsFailures };
    return concat(
      added.pipe(step, noteEnd, noteFault),
      earlier,
      outcomes.pipe(step, noteEnd, noteFault),
      defer(() => skipRemaining(plans, { ...rest, fault }, run)).pipe(left.note, noteFault),
    ).pipe(
      tally({ total, alreadySaved, ...(paidBeforeUsd && { paidBeforeUsd }) }),
      noteSessions({ startedAtMs, begunAtMs }, run),
      last(),
      map((totals) => ({
        totals: left.addTo(totals),
        fault,
        startedAtMs,
        elapsedMs: scheduler.now() - begunAtMs,
      })),
    );
  });
}

/** A killed run is remembered as it was this long before, at most, if outcomes came. */
const NOTE_EVERY_MS = 2_000;

/** Notes in the journal how far the run has come: at its beginning, and with its outcomes. */
function noteSessions(
  { startedAtMs, begunAtMs }: { readonly startedAtMs: number; readonly begunAtMs: number },
  run: Pick<OpenRun, 'config' | 'journal' | 'requests'>,
): MonoTypeOperatorFunction<RunTotals> {
  const { scheduler = monotonicScheduler } = run.config;
  let notedAtMs = Number.NEGATIVE_INFINITY;
  const note = (totals: Pick<RunTotals, 'saved'>) => {
    const nowMs = scheduler.now();
    if (nowMs - notedAtMs < NOTE_EVERY_MS) return;
    notedAtMs = nowMs;
    try {
      run.journal.noteSession(sessionOf({ startedAtMs, elapsedMs: nowMs - begunAtMs, totals }, run));
    } catch (error) {
      // A disk that refuses refuses the jobs too, which end the run with its totals.
      if (!(error instanceof StorageError)) throw error;
    }
  };
  return tap<RunTotals>({ subscribe: () => note({ saved: 0 }), next: note });
}

/**
 * Returns the fault of a run that had begun. Input, spec and folder were valid then, so a
 * `UsageError` means that they have changed meanwhile; it must not report that nothing was created.
 */
function asMidRunError(error: unknown): unknown {
  if (!(error instanceof UsageError || error instanceof InvalidRowsError)) return error;
  return new StorageError('ERR_CHANGED_MEANWHILE', `The run stopped partway: ${error.message}`, {
    recoverable: true,
    suggestion: `${error.suggestion} Then run the same command again.`.trimStart(),
    cause: error,
  });
}
