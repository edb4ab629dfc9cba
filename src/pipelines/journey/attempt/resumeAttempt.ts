import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  type MonoTypeOperatorFunction,
  type Observable,
  of,
  takeUntil,
  tap,
  throwError,
} from 'rxjs';
import { wallNow } from '../../../base/monotonicScheduler.ts';
import { isNotFound } from '../../../base/service.ts';
import { DownloadError, option, ProviderError } from '../../../errors.ts';
import { retryPolicies } from '../../../operators/internal/retryPolicies.ts';
import { cancelPrediction } from '../../../operators/predictions/cancelPrediction.ts';
import { type Attempt, createAttempt } from '../../../operators/predictions/lost/attempt.ts';
import { isUncertain } from '../../../operators/predictions/lost/lostErrors.ts';
import { retryBackoff } from '../../../operators/retryBackoff.ts';
import { resumeIn } from '../../../operators/stages/shareLedger.ts';
import type { JobRecord, Plan, Prediction } from '../../../types.ts';
import { type JobState, mayHavePrediction } from '../job.ts';
import {
  OUTPUT_LIFETIME_MS,
  type RunClock,
  type RunControl,
  type RunRecovery,
  type RunServices,
} from '../run.ts';
import { type Beginning, beginAttempt } from './beginAttempt.ts';
import { followPrediction, recordCreated, recordEnded } from './followPrediction.ts';
import { LostAttempt } from './lostAttempt.ts';
import { type Settling, settle } from './settleAttempt.ts';

/** The groups of a run that resuming an attempt reads. */
export type Resuming = Beginning & Pick<RunRecovery, 'repay'> & RunClock;

/** The groups of a run that cancelling an attempt reads. */
type Cancelling = Settling &
  Pick<RunServices, 'provider' | 'lookout'> &
  Pick<RunControl, 'cancel'> &
  Pick<RunClock, 'scheduler' | 'random'>;

/**
 * Resumes the attempt that an earlier run left open: from its output on disk, by its id, or by
 * finding its request at the service.
 */
export function resumeAttempt(job: JobState, earlier: JobRecord, run: Resuming): Observable<Prediction> {
  const { plan } = job;
  job.earlier = null;
  // A clock that was ahead then, and has been corrected, must not prolong the wait.
  const [nowMs, localMs] = [run.scheduler.now(), wallNow(run.scheduler)];
  job.startedAtMs = Math.min(job.startedAtMs, localMs);
  // A prediction that was left to the service has used up its time: it gets the same time again.
  job.waitingSinceMs = run.timeoutAction === 'leave' ? nowMs : nowMs - (localMs - job.startedAtMs);
  if (mayHavePrediction(earlier)) job.open = { predictionId: earlier.predictionId };
  if (earlier.prediction !== null) return of(earlier.prediction);
  if (earlier.predictionId !== null) {
    job.stage = 'polling';
    return run.provider.getPrediction(earlier.predictionId).pipe(
      retryBackoff({ ...retryPolicies.resume, scheduler: run.scheduler, random: run.random }),
      catchError((error: unknown) => asForgotten(error, earlier.predictionId, job, run)),
      concatMap((prediction) => followPrediction(prediction, job, run)),
    );
  }
  if (earlier.intendedAtMs === null) return beginAttempt(job, run);
  if (localMs - earlier.intendedAtMs > OUTPUT_LIFETIME_MS) {
    return run.repay ? beginAttempt(job, run) : throwError(() => uncertain(plan));
  }
  return throwError(() => new LostAttempt(lostAttempt(job, earlier, run), runEnded));
}

/**
 * Reserves the money of an attempt that an earlier run left open, before any other job can have it.
 * It may be paid already, so it is resumed even if it exceeds the budget. A saved job is booked: it
 * has lost only its files or its line in the manifest.
 */
export function reserveOpen(job: JobState, { ledger }: Pick<RunServices, 'ledger'>): void {
  const { earlier, request } = job;
  if (earlier === null || !mayHavePrediction(earlier) || earlier.state === 'saved') return;
  job.reservation ??= resumeIn(ledger, earlier.openMicroUsd ?? request.priceMicroUsd ?? 0);
}

/**
 * Ends the attempt of a prediction that the service no longer knows. Its output counts as paid and
 * lost: under `repay` the image is made again. Passes on any other error.
 */
function asForgotten(
  error: unknown,
  predictionId: string | null,
  job: JobState,
  run: Pick<RunServices, 'journal'> & Pick<RunRecovery, 'repay'>,
): Observable<never> {
  if (!isNotFound(error)) return throwError(() => error);
  const costMicroUsd = job.request.priceMicroUsd ?? 0;
  job.paidMicroUsd += costMicroUsd;
  job.reservation?.settle(costMicroUsd);
  job.reservation = null;
  const gone = throwError(() => forgotten(predictionId, error));
  if (!run.repay) return gone;
  return recordEnded(costMicroUsd, job, run).pipe(concatMap(() => gone));
}

function forgotten(predictionId: string | null, cause: unknown): DownloadError {
  return new DownloadError(
    'ERR_OUTPUT_GONE',
    `Prediction ${predictionId} of an earlier run is unknown to the service, and its image is not on disk.`,
    {
      suggestion: `Run with ${option('--repay')} to make, and pay for, the image again. If it was made with a token of another account, use that one.`,
      cause,
    },
  );
}

/** Returns the open attempt as the lookout knows it: that of this run, or one of an earlier run. */
function lostAttempt(
  job: JobState,
  { intendedAtMs, cancelAfterMs = null }: JobRecord,
  run: Pick<RunClock, 'scheduler' | 'startedAtMs'>,
): Attempt {
  const { startedAtMs: wallMs, sent: request } = job;
  if (job.tracked?.wallMs === wallMs) return job.tracked;
  const sentAtMs = run.scheduler.now() - (wallNow(run.scheduler) - wallMs);
  // The clock was set back since, by an unknown time.
  const isInFuture = intendedAtMs !== null && intendedAtMs > wallMs;
  const attempt = createAttempt({
    request,
    sentAtMs,
    wallMs,
    ...(isInFuture ? { notBeforeMs: sentAtMs - OUTPUT_LIFETIME_MS } : {}),
    cancelAfterMs,
    isFromBefore: sentAtMs <= run.startedAtMs,
    owner: { index: job.plan.index, attempt: job.attempts },
  });
  attempt.endedAtMs = Math.max(sentAtMs, run.startedAtMs);
  job.tracked = attempt;
  return attempt;
}

const runEnded = new ProviderError(
  'ERR_CONNECTION_LOST',
  'An earlier run ended before the response to its create request came.',
  { recoverable: true, tookEffect: 'unknown', suggestion: 'Nothing to do.' },
);

function uncertain(plan: Plan): ProviderError {
  return new ProviderError(
    'ERR_UNCERTAIN',
    `Image #${plan.index + 1} may have been made and paid for: the response to its create request was lost more than an hour ago.`,
    {
      suggestion: `Look for it at https://replicate.com/predictions, or run again with ${option('--repay')} to make, and pay for, it again.`,
    },
  );
}

/**
 * Ends an attempt when `cancel` emits: cancels its prediction at the service, and emits the error
 * of a job that was stopped, or the prediction if it was finished before. Looks the prediction up
 * first if its id is unknown; completes without a value if nothing was sent, or nothing is found.
 */
export function cancelAttempt(job: JobState, run: Cancelling): MonoTypeOperatorFunction<Prediction> {
  return (attempt) =>
    defer(() => {
      let isCanceled = false;
      const canceled = run.cancel.pipe(
        tap(() => {
          isCanceled = true;
        }),
      );
      return concat(
        attempt.pipe(takeUntil(canceled)),
        defer(() => (isCanceled ? cancelOpen(job, run) : EMPTY)),
      );
    });
}

function cancelOpen(job: JobState, run: Cancelling): Observable<Prediction> {
  return openPredictionId(job, run).pipe(
    concatMap((id) => cancelPrediction(run.provider, id, { scheduler: run.scheduler, random: run.random })),
    concatMap((prediction) => settle(prediction, job, run)),
  );
}

/**
 * Emits the id of the open prediction, once the journal has it; completes without one if nothing
 * was sent, or it cannot be found in time.
 */
function openPredictionId(job: JobState, run: Pick<Cancelling, 'lookout' | 'journal'>): Observable<string> {
  const { open, tracked } = job;
  if (open === null) return EMPTY;
  // A later look for another attempt of the job must not take it for that one's. One that waited
  // for a slot is not in the journal either.
  const recorded = (id: string) => concat(recordCreated({ id }, job, run), of(id));
  if (open.predictionId !== null) return recorded(open.predictionId);
  if (tracked === null) return EMPTY;
  return run.lookout.find(tracked, { hurry: of(null) }).pipe(
    concatMap((found) => (found === null ? EMPTY : recorded(found.id))),
    catchError((error: unknown) => (isUncertain(error) ? EMPTY : throwError(() => error))),
  );
}
