import { concatMap, defer, EMPTY, type Observable, type OperatorFunction, of, throwError } from 'rxjs';
import { PredictionError } from '../errors.ts';
import { gate } from '../operators/gate.ts';
import { retryBackoff } from '../operators/retryBackoff.ts';
import type { Plan, Prediction } from '../types.ts';
import { beginAttempt } from './beginAttempt.ts';
import { closeAttempt } from './closeAttempt.ts';
import type { JobAccount } from './createJobAccount.ts';
import type { Run } from './createRun.ts';
import { outcomeError } from './outcomeError.ts';
import { resumeAttempt } from './resumeAttempt.ts';

/**
 * Turns a plan into a prediction with output: takes up what an earlier run left open, else creates; follows it to its
 * end; begins again where the platform was at fault and attempts are left. Holds one of the run's slots only while a
 * prediction is open, so neither downloads nor encoders keep the service waiting.
 *
 * Emits `PredictionError`, `ProviderError` or `BudgetError` where the job has to be given up.
 */
export function makePrediction(account: JobAccount, run: Run): OperatorFunction<Plan, Prediction> {
  const attempt = defer(() => {
    if (account.left !== null) return resumeAttempt(account, account.left, run);
    // Told to stop while it waited in line: it ends without an outcome, and nothing is paid.
    return run.isStopped ? EMPTY : beginAttempt(account, run);
  }).pipe(
    concatMap((prediction) => settle(prediction, account, run)),
    gate(run.slots),
    retryBackoff({
      retries: run.maxAttempts - 1,
      delayMs: 1_000,
      shouldRetry: isPlatformFault,
      onRetry: ({ error }) =>
        run.emit({
          type: 'retrying',
          index: account.plan.index,
          attempt: account.attempts + 1,
          error: outcomeError(error),
        }),
      scheduler: run.scheduler,
      random: run.random,
    }),
  );
  return concatMap(() => attempt);
}

/** Passes on a prediction with output; closes the books of an attempt that ended without. */
function settle(prediction: Prediction, account: JobAccount, run: Run): Observable<Prediction> {
  const { plan } = account;
  account.prediction = prediction;
  run.emit({ type: 'finished', index: plan.index, predictionId: prediction.id, status: prediction.status });
  if (prediction.outputComplete) return of(prediction);
  return closeAttempt(prediction, account, run).pipe(
    concatMap(() => throwError(() => endedError(prediction, account, run))),
  );
}

function endedError(prediction: Prediction, account: JobAccount, run: Run): PredictionError {
  const tookMs = run.scheduler.now() - account.startedAtMs;
  if (prediction.status === 'failed' || tookMs < run.timeoutMs) return run.answers.errorOf(prediction);
  return new PredictionError(
    'ERR_PREDICTION_TIMEOUT',
    `Prediction ${prediction.id} was not finished after ${Math.round(tookMs / 1000)} s and was cancelled.`,
    {
      predictionId: prediction.id,
      recoverable: true,
      suggestion: 'Allow more time with --timeout, or run the same command again later.',
    },
  );
}

function isPlatformFault(error: unknown): boolean {
  return error instanceof PredictionError && error.recoverable && error.code !== 'ERR_PREDICTION_TIMEOUT';
}
