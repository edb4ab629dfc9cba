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
} from 'rxjs';
import { adoptPrediction } from '../operators/adoptPrediction.ts';
import { cancelPrediction } from '../operators/cancelPrediction.ts';
import type { Prediction } from '../types.ts';
import type { JobAccount } from './createJobAccount.ts';
import type { Run } from './createRun.ts';

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
