import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  type MonoTypeOperatorFunction,
  map,
  type Observable,
  of,
  takeUntil,
  tap,
  throwError,
} from 'rxjs';
import { wallNow } from '../../base/monotonicScheduler.ts';
import { DownloadError, ProviderError } from '../../errors.ts';
import { retryPolicies } from '../../operators/internal/retryPolicies.ts';
import { adoptPrediction } from '../../operators/predictions/adoptPrediction.ts';
import { cancelPrediction } from '../../operators/predictions/cancelPrediction.ts';
import { retryBackoff } from '../../operators/retryBackoff.ts';
import type { JobRecord, Plan, Prediction } from '../../types.ts';
import { type Beginning, beginAttempt } from './beginAttempt.ts';
import { followPrediction } from './followPrediction.ts';
import { type JobState, mayHavePrediction } from './job.ts';
import {
  OUTPUT_LIFETIME_MS,
  type RunClock,
  type RunControl,
  type RunRecovery,
  type RunServices,
  type Shared,
} from './run.ts';

/** Time after which the service lists every prediction that an earlier run has created. */
const LISTED_MS = 6_000;

/** The groups of a run that resuming an attempt reads. */
export type Resuming = Beginning & Pick<RunRecovery, 'repay'> & RunClock;

/** The groups of a run that looking for a prediction reads. */
type Finding = Pick<RunServices, 'provider'> & Pick<Shared, 'claims'> & Pick<RunClock, 'scheduler'>;

/** The groups of a run that cancelling an attempt reads. */
type Cancelling = Finding & Pick<RunControl, 'cancel'> & Pick<RunClock, 'random'>;

/**
 * Resumes the attempt that an earlier run left open: from its output on disk, by its id, or by
 * finding its request at the service.
 */
export function resumeAttempt(job: JobState, earlier: JobRecord, run: Resuming): Observable<Prediction> {
  const { plan, request } = job;
  job.earlier = null;
  // A clock that was ahead then, and has been corrected, must not prolong the wait.
  const [nowMs, localMs] = [run.scheduler.now(), wallNow(run.scheduler)];
  job.startedAtMs = Math.min(job.startedAtMs, localMs);
  // A prediction that was left to the service has used up its time: it gets the same time again.
  job.waitingSinceMs = run.timeoutAction === 'leave' ? nowMs : nowMs - (localMs - job.startedAtMs);
  if (mayHavePrediction(earlier)) {
    job.open = { predictionId: earlier.predictionId };
    // It may be paid already, so it is resumed even if it exceeds the budget. A saved job is
    // booked: it has lost only its files or its line in the manifest.
    if (earlier.state !== 'saved') job.reservation ??= run.ledger.reserve(request.priceMicroUsd ?? 0);
  }
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
  const runsForMs = nowMs - run.startedAtMs;
  const isFromBefore = localMs - earlier.intendedAtMs > runsForMs;
  const isListed = isFromBefore && runsForMs >= LISTED_MS;
  return adoptPrediction(run.provider, job.sent, {
    sinceMs: earlier.intendedAtMs,
    ...(isListed ? { looksMs: [0] } : {}),
    claims: run.claims,
    scheduler: run.scheduler,
  }).pipe(
    concatMap((prediction) =>
      prediction === null ? beginAttempt(job, run) : followPrediction(prediction, job, run),
    ),
  );
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
  if (!(error instanceof ProviderError && error.status === 404)) return throwError(() => error);
  const costMicroUsd = job.request.priceMicroUsd ?? 0;
  job.paidMicroUsd += costMicroUsd;
  job.reservation?.settle(costMicroUsd);
  job.reservation = null;
  const gone = throwError(() => forgotten(predictionId, error));
  if (!run.repay) return gone;
  job.open = null;
  const entry = { type: 'ended', attempt: job.attempts, costMicroUsd } as const;
  return run.journal.record(job.plan, entry).pipe(concatMap(() => gone));
}

function forgotten(predictionId: string | null, cause: unknown): DownloadError {
  return new DownloadError(
    'ERR_OUTPUT_GONE',
    `Prediction ${predictionId} of an earlier run is unknown to the service, and its image is not on disk.`,
    {
      suggestion:
        'Run with --repay to make, and pay for, the image again. If it was made with a token of another account, use that one.',
      cause,
    },
  );
}

function uncertain(plan: Plan): ProviderError {
  return new ProviderError(
    'ERR_UNCERTAIN',
    `Image #${plan.index + 1} may have been made and paid for: the response to its create request was lost more than an hour ago.`,
    {
      suggestion:
        'Look for it at https://replicate.com/predictions, or run again with --repay to make, and pay for, it again.',
    },
  );
}

/**
 * Ends an attempt when `cancel` emits: cancels its prediction at the service, and emits the
 * prediction in its final state. Looks the prediction up first if its id is unknown; completes
 * without a value if nothing was sent.
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
    concatMap((id) =>
      id === null
        ? EMPTY
        : cancelPrediction(run.provider, id, { scheduler: run.scheduler, random: run.random }),
    ),
  );
}

/**
 * Emits the id of the open prediction; null if nothing was sent, or the service has not received
 * it.
 */
function openPredictionId(
  { open, sent, startedAtMs }: JobState,
  { provider, claims, scheduler }: Finding,
): Observable<string | null> {
  if (open === null) return of(null);
  if (open.predictionId !== null) return of(open.predictionId);
  return adoptPrediction(provider, sent, { sinceMs: startedAtMs, claims, scheduler }).pipe(
    map((prediction) => prediction?.id ?? null),
  );
}
