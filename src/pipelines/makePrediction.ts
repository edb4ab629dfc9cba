import { concatMap, defer, endWith, map, type Observable, type OperatorFunction, of, throwError } from 'rxjs';
import { BudgetError, PredictionError, ProviderError } from '../errors.ts';
import { formatUsd } from '../formatUsd.ts';
import { adoptPrediction } from '../operators/adoptPrediction.ts';
import { awaitPrediction } from '../operators/awaitPrediction.ts';
import { budgetTake } from '../operators/budgetTake.ts';
import { createPrediction } from '../operators/createPrediction.ts';
import { gate } from '../operators/gate.ts';
import { retryBackoff } from '../operators/retryBackoff.ts';
import type { JobRecord } from '../ports.ts';
import type { Plan, Prediction } from '../types.ts';
import type { JobAccount } from './createJobAccount.ts';
import type { Run } from './createRun.ts';
import { noteCreated } from './noteCreated.ts';
import { outcomeError } from './outcomeError.ts';

/** What a create may take longer than the prediction's own time: queueing and the way back. */
const CANCEL_MARGIN_MS = 30_000;

/** The service forgets what was asked of it after an hour; a little less, as clocks differ. */
const KEPT_MS = 55 * 60_000;

/**
 * Turns a plan into a prediction with output: takes up what an earlier run left open, else creates; follows it to its
 * end; begins again where the platform was at fault and attempts are left. Holds one of the run's slots only while a
 * prediction is open, so neither downloads nor encoders keep the service waiting.
 *
 * Emits `PredictionError`, `ProviderError` or `BudgetError` where the job has to be given up.
 */
export function makePrediction(account: JobAccount, run: Run): OperatorFunction<Plan, Prediction> {
  const attempt = defer(() =>
    account.left === null ? begin(account, run) : resume(account, account.left, run),
  ).pipe(
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

/** A new attempt: money, intent, create, id, in this order. */
function begin(account: JobAccount, run: Run): Observable<Prediction> {
  const { plan } = account;
  return of(plan).pipe(
    budgetTake(run.ledger, ({ priceMicroUsd }) => (account.reservation === null ? (priceMicroUsd ?? 0) : 0)),
    map(({ value, reservation }) => {
      if (reservation === null) throw overBudget(value);
      account.reservation ??= reservation;
      account.attempts += 1;
      run.emit({ type: 'creating', index: plan.index, prompt: plan.prompt, attempt: account.attempts });
      return value;
    }),
    createPrediction(run.provider, {
      governor: run.governor,
      claims: run.claims,
      waitMs: Math.min(60_000, run.timeoutMs),
      cancelAfterMs: run.timeoutMs + CANCEL_MARGIN_MS,
      beforeSend: () => {
        account.startedAtMs = run.scheduler.now();
        return run.journal.record(plan, {
          type: 'intended',
          attempt: account.attempts,
          atMs: account.startedAtMs,
        });
      },
      onThrottled: (waitMs) => run.emit({ type: 'throttled', waitMs: waitMs ?? 0 }),
      scheduler: run.scheduler,
    }),
    concatMap((prediction) => follow(prediction, account, run)),
  );
}

/** The attempt that an earlier run left open: its output is on disk, its id is known, or it is to be found by its request. */
function resume(account: JobAccount, left: JobRecord, run: Run): Observable<Prediction> {
  const { plan } = account;
  account.left = null;
  // It may be paid already, so it is taken up even where the budget has no room for it any more.
  if (isOpen(left)) account.reservation = run.ledger.reserve(plan.priceMicroUsd ?? 0);
  if (left.prediction !== null) return of(left.prediction);
  if (left.predictionId !== null) {
    return run.provider.getPrediction(left.predictionId).pipe(
      retryBackoff({ retries: 6, shouldRetry: isRecoverable, scheduler: run.scheduler, random: run.random }),
      concatMap((prediction) => follow(prediction, account, run)),
      concatMap((prediction) =>
        isLost(prediction, account) && run.repay ? repay(prediction, account, run) : of(prediction),
      ),
    );
  }
  if (left.intendedAtMs === null) return begin(account, run);
  if (run.scheduler.now() - left.intendedAtMs > KEPT_MS) {
    return run.repay ? begin(account, run) : throwError(() => uncertain(plan));
  }
  return adoptPrediction(run.provider, plan, {
    sinceMs: left.intendedAtMs,
    claims: run.claims,
    scheduler: run.scheduler,
  }).pipe(
    concatMap((prediction) => (prediction === null ? begin(account, run) : follow(prediction, account, run))),
  );
}

function isOpen({ predictionId, intendedAtMs }: JobRecord): boolean {
  return predictionId !== null || intendedAtMs !== null;
}

/** Whether it was made and paid, but nobody has its output any more. */
function isLost(prediction: Prediction, { filesLeft }: JobAccount): boolean {
  return prediction.outputComplete && prediction.dataRemoved && filesLeft.length === 0;
}

/** Books what is lost and begins again, because the user said so. */
function repay(lost: Prediction, account: JobAccount, run: Run): Observable<Prediction> {
  return closeAttempt(lost, account, run).pipe(concatMap(() => begin(account, run)));
}

/** Notes the id, then waits until the prediction is final or its time is up. */
function follow(prediction: Prediction, account: JobAccount, run: Run): Observable<Prediction> {
  const { index } = account.plan;
  account.prediction = prediction;
  run.emit({ type: 'created', index, predictionId: prediction.id, status: prediction.status });
  // One that has its output already is written down while it is downloaded: the slot is wanted by the next job.
  if (prediction.outputComplete) return of(prediction);
  return noteCreated(prediction, account, run).pipe(
    endWith(prediction),
    awaitPrediction(run.provider, {
      timeoutMs: Math.max(0, run.timeoutMs - (run.scheduler.now() - account.startedAtMs)),
      scheduler: run.scheduler,
    }),
  );
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

/** Books what an attempt without output cost and writes down that it is over. */
function closeAttempt(prediction: Prediction, account: JobAccount, run: Run): Observable<void> {
  const costMicroUsd = run.answers.costOf(prediction) ?? 0;
  if (costMicroUsd > 0) {
    account.paidMicroUsd += costMicroUsd;
    account.reservation?.settle(costMicroUsd);
    account.reservation = null;
  }
  return run.journal.record(account.plan, { type: 'ended', attempt: account.attempts, costMicroUsd });
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

function isRecoverable(error: unknown): boolean {
  return error instanceof ProviderError && error.recoverable;
}

function overBudget(plan: Plan): BudgetError {
  return new BudgetError(
    `The budget has no room left for this image (${formatUsd(plan.priceMicroUsd ?? 0)}).`,
    {
      recoverable: true,
      suggestion: 'Raise --budget and run the same command again: what is saved is not made again.',
    },
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
