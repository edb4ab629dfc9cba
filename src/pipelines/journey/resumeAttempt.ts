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
import { beginAttempt } from './beginAttempt.ts';
import { followPrediction } from './followPrediction.ts';
import { type JobAccount, mayHavePrediction } from './job.ts';
import { OUTPUT_LIFETIME_MS, type Run } from './run.ts';

/** What an earlier run sent is in the service's list by then, if it was made. */
const LISTED_MS = 6_000;

/** The attempt that an earlier run left open: its output is on disk, its id is known, or it is to be found by its request. */
export function resumeAttempt(account: JobAccount, left: JobRecord, run: Run): Observable<Prediction> {
  const { plan, request } = account;
  account.left = null;
  // A clock that was ahead and has been set right meanwhile must not make anybody wait until then.
  account.startedAtMs = Math.min(account.startedAtMs, run.scheduler.now());
  // One that was left to the service has had its time there: it is looked at for as long again.
  account.waitingSinceMs = run.timeoutAction === 'leave' ? run.scheduler.now() : account.startedAtMs;
  if (mayHavePrediction(left)) {
    account.open = { predictionId: left.predictionId };
    // It may be paid already, so it is taken up even where the budget has no room for it any more. What was saved once is
    // booked: only its files or its line in the manifest got lost.
    if (left.state !== 'saved') account.reservation ??= run.ledger.reserve(request.priceMicroUsd ?? 0);
  }
  if (left.prediction !== null) return of(left.prediction);
  if (left.predictionId !== null) {
    return run.provider.getPrediction(left.predictionId).pipe(
      retryBackoff({ ...retryPolicies.resume, scheduler: run.scheduler, random: run.random }),
      concatMap((prediction) => followPrediction(prediction, account, run)),
    );
  }
  if (left.intendedAtMs === null) return beginAttempt(account, run);
  if (run.scheduler.now() - left.intendedAtMs > OUTPUT_LIFETIME_MS) {
    return run.repay ? beginAttempt(account, run) : throwError(() => uncertain(plan));
  }
  const isFromBefore = left.intendedAtMs < run.startedAtMs;
  const isListed = isFromBefore && run.scheduler.now() - run.startedAtMs >= LISTED_MS;
  return adoptPrediction(run.provider, account.sent, {
    sinceMs: left.intendedAtMs,
    ...(isListed ? { looksMs: [0] } : {}),
    claims: run.claims,
    scheduler: run.scheduler,
  }).pipe(
    concatMap((prediction) =>
      prediction === null ? beginAttempt(account, run) : followPrediction(prediction, account, run),
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
export function cancelAttempt(account: JobAccount, run: Run): MonoTypeOperatorFunction<Prediction> {
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
        defer(() => (isCanceled ? cancelOpen(account, run) : EMPTY)),
      );
    });
}

function cancelOpen(account: JobAccount, run: Run): Observable<Prediction> {
  return openPredictionId(account, run).pipe(
    concatMap((id) =>
      id === null
        ? EMPTY
        : cancelPrediction(run.provider, id, { scheduler: run.scheduler, random: run.random }),
    ),
  );
}

/** Null where nothing was sent, or the service has never seen it. */
function openPredictionId(
  { open, sent, startedAtMs }: JobAccount,
  { provider, claims, scheduler }: Run,
): Observable<string | null> {
  if (open === null) return of(null);
  if (open.predictionId !== null) return of(open.predictionId);
  return adoptPrediction(provider, sent, { sinceMs: startedAtMs, claims, scheduler }).pipe(
    map((prediction) => prediction?.id ?? null),
  );
}
