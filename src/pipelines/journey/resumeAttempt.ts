import {
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
import { ProviderError } from '../../errors.ts';
import { retryPolicies } from '../../operators/internal/retryPolicies.ts';
import { adoptPrediction } from '../../operators/predictions/adoptPrediction.ts';
import { cancelPrediction } from '../../operators/predictions/cancelPrediction.ts';
import { retryBackoff } from '../../operators/retryBackoff.ts';
import type { JobRecord } from '../../ports.ts';
import type { Plan, Prediction } from '../../types.ts';
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

/** What an earlier run sent is in the service's list by then, if it was made. */
const LISTED_MS = 6_000;

/** What resuming reads of its run. */
export type Resuming = Beginning & Pick<RunRecovery, 'repay'>;

/** What cancelling reads of its run. */
type Cancelling = Pick<RunServices, 'provider'> &
  Pick<Shared, 'claims'> &
  Pick<RunControl, 'cancel'> &
  RunClock;

/** The attempt that an earlier run left open: its output is on disk, its id is known, or it is to be found by its request. */
export function resumeAttempt(job: JobState, earlier: JobRecord, run: Resuming): Observable<Prediction> {
  const { plan, request } = job;
  job.earlier = null;
  // A clock that was ahead and has been set right meanwhile must not make anybody wait until then.
  job.startedAtMs = Math.min(job.startedAtMs, run.scheduler.now());
  // One that was left to the service has had its time there: it is looked at for as long again.
  job.waitingSinceMs = run.timeoutAction === 'leave' ? run.scheduler.now() : job.startedAtMs;
  if (mayHavePrediction(earlier)) {
    job.open = { predictionId: earlier.predictionId };
    // It may be paid already, so it is taken up even where the budget has no room for it any more. What was saved once is
    // booked: only its files or its line in the manifest got lost.
    if (earlier.state !== 'saved') job.reservation ??= run.ledger.reserve(request.priceMicroUsd ?? 0);
  }
  if (earlier.prediction !== null) return of(earlier.prediction);
  if (earlier.predictionId !== null) {
    return run.provider.getPrediction(earlier.predictionId).pipe(
      retryBackoff({ ...retryPolicies.resume, scheduler: run.scheduler, random: run.random }),
      concatMap((prediction) => followPrediction(prediction, job, run)),
    );
  }
  if (earlier.intendedAtMs === null) return beginAttempt(job, run);
  if (run.scheduler.now() - earlier.intendedAtMs > OUTPUT_LIFETIME_MS) {
    return run.repay ? beginAttempt(job, run) : throwError(() => uncertain(plan));
  }
  const isFromBefore = earlier.intendedAtMs < run.startedAtMs;
  const isListed = isFromBefore && run.scheduler.now() - run.startedAtMs >= LISTED_MS;
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

function uncertain(plan: Plan): ProviderError {
  return new ProviderError(
    'ERR_UNCERTAIN',
    `Whether image #${plan.index + 1} was made and paid for is not known: its create was lost more than an hour ago.`,
    {
      suggestion:
        'Look for it at https://replicate.com/predictions, or run again with --repay to make it again.',
    },
  );
}

/**
 * Ends an attempt when the run is told to cancel: its prediction is cancelled at the service, and emitted as the service
 * left it. One whose id is not known yet is looked up first; one that was not sent ends without a word.
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

/** Null where nothing was sent, or the service has never seen it. */
function openPredictionId(
  { open, sent, startedAtMs }: JobState,
  { provider, claims, scheduler }: Cancelling,
): Observable<string | null> {
  if (open === null) return of(null);
  if (open.predictionId !== null) return of(open.predictionId);
  return adoptPrediction(provider, sent, { sinceMs: startedAtMs, claims, scheduler }).pipe(
    map((prediction) => prediction?.id ?? null),
  );
}
