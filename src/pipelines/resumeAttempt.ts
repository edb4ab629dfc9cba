import { concatMap, type Observable, of, throwError } from 'rxjs';
import { ProviderError } from '../errors.ts';
import { adoptPrediction } from '../operators/adoptPrediction.ts';
import { retryBackoff } from '../operators/retryBackoff.ts';
import type { JobRecord } from '../ports.ts';
import type { Plan, Prediction } from '../types.ts';
import { beginAttempt } from './beginAttempt.ts';
import { closeAttempt } from './closeAttempt.ts';
import type { JobAccount } from './createJobAccount.ts';
import type { Run } from './createRun.ts';
import { followPrediction } from './followPrediction.ts';

/** The service forgets what was asked of it after an hour; a little less, as clocks differ. */
const KEPT_MS = 55 * 60_000;

/** The attempt that an earlier run left open: its output is on disk, its id is known, or it is to be found by its request. */
export function resumeAttempt(account: JobAccount, left: JobRecord, run: Run): Observable<Prediction> {
  const { plan } = account;
  account.left = null;
  // It may be paid already, so it is taken up even where the budget has no room for it any more.
  if (isOpen(left)) account.reservation = run.ledger.reserve(plan.priceMicroUsd ?? 0);
  if (left.prediction !== null) return of(left.prediction);
  if (left.predictionId !== null) {
    return run.provider.getPrediction(left.predictionId).pipe(
      retryBackoff({ retries: 6, shouldRetry: isRecoverable, scheduler: run.scheduler, random: run.random }),
      concatMap((prediction) => followPrediction(prediction, account, run)),
      concatMap((prediction) =>
        isLost(prediction, account) && run.repay ? repay(prediction, account, run) : of(prediction),
      ),
    );
  }
  if (left.intendedAtMs === null) return beginAttempt(account, run);
  if (run.scheduler.now() - left.intendedAtMs > KEPT_MS) {
    return run.repay ? beginAttempt(account, run) : throwError(() => uncertain(plan));
  }
  return adoptPrediction(run.provider, plan, {
    sinceMs: left.intendedAtMs,
    claims: run.claims,
    scheduler: run.scheduler,
  }).pipe(
    concatMap((prediction) =>
      prediction === null ? beginAttempt(account, run) : followPrediction(prediction, account, run),
    ),
  );
}

/** Whether money has to be held for it. What was saved once is booked already: its files or its line in the manifest got lost. */
function isOpen({ state, predictionId, intendedAtMs }: JobRecord): boolean {
  return state !== 'saved' && (predictionId !== null || intendedAtMs !== null);
}

/** Whether it was made and paid, but nobody has its output any more. */
function isLost(prediction: Prediction, { filesLeft }: JobAccount): boolean {
  return prediction.outputComplete && prediction.dataRemoved && filesLeft.length === 0;
}

/** Books what is lost and begins again, because the user said so. */
function repay(lost: Prediction, account: JobAccount, run: Run): Observable<Prediction> {
  return closeAttempt(lost, account, run).pipe(concatMap(() => beginAttempt(account, run)));
}

function isRecoverable(error: unknown): boolean {
  return error instanceof ProviderError && error.recoverable;
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
