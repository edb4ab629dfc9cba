import {
  concat,
  concatMap,
  defer,
  EMPTY,
  finalize,
  ignoreElements,
  type MonoTypeOperatorFunction,
  type Observable,
  of,
} from 'rxjs';
import { toMicroUsd } from '../../base/text.ts';
import type { RunEvent } from '../../events/runEvent.ts';
import type { Outcome } from '../../types.ts';
import { type JobState, turnsAhead } from './job.ts';
import { withRatingCost } from './outcomes.ts';
import type { RunHooks, RunRecovery, RunServices, Stateful } from './run.ts';

/** The groups of a run that closing a job reads. */
export type Closing = Pick<
  RunHooks,
  'emit' | 'paidBeforeUsd' | 'persist' | 'afterSaved' | 'onFailed' | 'handOver'
> &
  Stateful &
  Pick<RunServices, 'journal'> &
  Pick<RunRecovery, 'continueOnError'>;

/**
 * Closes a job, or postpones it if it may succeed in another turn or round. A postponed job emits
 * no outcome yet. Frees the money of a job that ends without one.
 */
export function closeOrPostpone(job: JobState, run: Closing): MonoTypeOperatorFunction<Outcome> {
  const closed = concatMap((outcome: Outcome) => {
    const { status, error, index } = outcome;
    const { state, emit } = run;
    const mayComeBack = status === 'failed' && error?.recoverable === true;
    const hasTurn = turnsAhead(job) > 0 || state.roundsLeft > 0;
    if (!mayComeBack || !hasTurn || state.isStopped) return closeJob(outcome, job, run);
    state.postponed.set(index, { outcome, job });
    emit({ type: 'job.postponed', index, error });
    return EMPTY;
  });
  return (outcomes) =>
    outcomes.pipe(
      closed,
      finalize(() => releaseUnused(job, run)),
    );
}

/**
 * Settles the money, persists the outcome, then records that the job is done, and emits the
 * outcome. If the fate of the last attempt is unknown, its money stays reserved: the attempt may be
 * paid, so no other job can have that money. A rating has an account of its own; the outcome has
 * its cost too.
 */
export function closeJob(own: Outcome, job: JobState, run: Closing): Observable<Outcome> {
  const { open, reservation, paidMicroUsd, rating } = job;
  const outcome = rating === null ? own : withRatingCost(own, rating);
  const lastMicroUsd = Math.max(0, toMicroUsd(own.costUsd ?? 0) - paidMicroUsd);
  const mayBePaid = open !== null && outcome.status !== 'saved' && lastMicroUsd === 0;
  if (!mayBePaid) reservation?.settle(lastMicroUsd);
  return concat(
    // Each begins when the one before it is done, also if it is a promise already.
    defer(() => (outcome.status === 'failed' ? run.onFailed(job.plan).pipe(ignoreElements()) : EMPTY)),
    defer(() => run.persist(outcome)).pipe(ignoreElements()),
    defer(() => run.journal.record(job.plan, { type: 'outcome', outcome: own })).pipe(ignoreElements()),
    defer(() => (outcome.status === 'saved' ? run.afterSaved(outcome).pipe(ignoreElements()) : EMPTY)),
    defer(() => {
      run.emit(endOf(outcome, run));
      if (outcome.status === 'failed' && !run.continueOnError) run.state.halt(null);
      return concat(of(outcome), run.handOver(outcome).pipe(ignoreElements()));
    }),
  );
}

/**
 * Frees the money of a job that ends without an outcome and has made nothing: the service refuses
 * all (401, 402), or the run was stopped while the job was in line. Other runs may share the
 * budget. An attempt that an earlier run has left open may be paid, and stays reserved.
 */
function releaseUnused(job: JobState, { state }: Stateful): void {
  const isOpen = job.open !== null || job.earlier !== null;
  if (!isOpen && !state.postponed.has(job.plan.index)) job.reservation?.release();
}

/** Returns the event of a job that has its outcome. */
export function endOf(outcome: Outcome, { paidBeforeUsd }: Pick<RunHooks, 'paidBeforeUsd'>): RunEvent {
  const beforeUsd = paidBeforeUsd(outcome);
  const isAll = beforeUsd === Number.POSITIVE_INFINITY;
  const part = beforeUsd > 0 && !isAll ? { paidBeforeUsd: beforeUsd } : {};
  if (outcome.status === 'failed') return { type: 'job.failed', outcome, ...part };
  if (outcome.status === 'skipped') return { type: 'job.skipped', outcome, ...part };
  return { type: 'image.saved', outcome, ...part, ...(isAll ? { paidBefore: true } : {}) };
}
