import { catchError, concatMap, defer, EMPTY, map, type Observable, of, takeUntil, throwError } from 'rxjs';
import { truncateDataUrls } from '../../base/modelInput.ts';
import { formatUsd } from '../../base/text.ts';
import { BudgetError, ProviderError } from '../../errors.ts';
import { createPrediction } from '../../operators/predictions/createPrediction.ts';
import { budgetTake } from '../../operators/stages/budgetTake.ts';
import type { Governor } from '../../ports.ts';
import type { Prediction, PredictionRequest, PricedRequest } from '../../types.ts';
import { followPrediction } from './followPrediction.ts';
import { withFiles } from './inputFiles.ts';
import type { JobAccount } from './job.ts';
import type { Run } from './run.ts';

/** What a create may take longer than the prediction's own time: queueing and the way back. */
const CANCEL_MARGIN_MS = 30_000;

/** A new attempt: money, intent, create, id, in this order. */
export function beginAttempt(account: JobAccount, run: Run): Observable<Prediction> {
  const { plan, request } = account;
  const priceMicroUsd = request.priceMicroUsd ?? 0;
  if (account.reservation?.microUsd !== priceMicroUsd) {
    // Held for another model.
    account.reservation?.release();
    account.reservation = null;
  }
  return of(request).pipe(
    budgetTake(run.ledger, () => (account.reservation === null ? priceMicroUsd : 0)),
    map(({ value, reservation }) => {
      if (reservation === null) throw overBudget(request);
      account.reservation ??= reservation;
      account.attempts += 1;
      run.emit({
        type: 'prediction.creating',
        index: plan.index,
        prompt: plan.prompt,
        model: request.model,
        attempt: account.attempts,
      });
      return value;
    }),
    createPrediction(run.provider, {
      governor: untilStopped(run),
      claims: run.claims,
      waitMs: Math.min(run.waitMs, run.timeoutMs),
      ...(run.timeoutAction === 'leave' ? {} : { cancelAfterMs: run.timeoutMs + CANCEL_MARGIN_MS }),
      ...(run.webhookUrlOf === undefined ? {} : { webhookUrl: run.webhookUrlOf(plan) }),
      prepare: (wanted) => withFiles(wanted, plan.files, run),
      beforeSend: (sent) => {
        account.sent = sent;
        account.startedAtMs = run.scheduler.now();
        account.waitingSinceMs = account.startedAtMs;
        account.open = { predictionId: null };
        return run.journal.record(plan, {
          type: 'intended',
          attempt: account.attempts,
          atMs: account.startedAtMs,
          ...(sent === plan ? {} : { request: asKept(sent) }),
        });
      },
      onThrottled: (waitMs) => run.emit({ type: 'rate.paused', waitMs: waitMs ?? 0 }),
      scheduler: run.scheduler,
    }),
    catchError((error: unknown) => giveUp(error, account, run)),
    concatMap((prediction) => followPrediction(prediction, account, run)),
  );
}

/** Who waits for the governor when the run is told to stop sends nothing any more. */
function untilStopped(run: Run): Governor {
  const { governor } = run;
  return {
    admit: () => defer(() => (run.isStopped ? EMPTY : governor.admit().pipe(takeUntil(run.stop)))),
  };
}

/** A create that certainly made nothing is over: the next run need not look for it. */
function giveUp(error: unknown, account: JobAccount, run: Run): Observable<never> {
  const isOver = error instanceof ProviderError && error.tookEffect === 'no' && account.reservation !== null;
  const failed = throwError(() => error);
  if (!isOver) return failed;
  account.open = null;
  const entry = { type: 'ended', attempt: account.attempts, costMicroUsd: 0 } as const;
  return run.journal.record(account.plan, entry).pipe(concatMap(() => failed));
}

/** Without what is not sent, and long data only by its hash: enough to know the prediction by. */
function asKept({ model, version, input }: PredictionRequest): PredictionRequest {
  return { model, version, input: truncateDataUrls(input) };
}

function overBudget({ priceMicroUsd }: PricedRequest): BudgetError {
  return new BudgetError(`The budget has no room left for this image (${formatUsd(priceMicroUsd ?? 0)}).`, {
    recoverable: true,
    suggestion: 'Raise --budget and run the same command again: what is saved is not made again.',
  });
}

/** Books what an attempt without output, or with a lost one, cost and writes down that it is over. */
export function closeAttempt(prediction: Prediction, account: JobAccount, run: Run): Observable<void> {
  account.open = null;
  const unknownMicroUsd = prediction.outputComplete ? account.request.priceMicroUsd : null;
  const costMicroUsd = run.answers.costOf(prediction) ?? unknownMicroUsd ?? 0;
  if (costMicroUsd > 0) {
    account.paidMicroUsd += costMicroUsd;
    account.reservation?.settle(costMicroUsd);
    account.reservation = null;
  }
  return run.journal.record(account.plan, { type: 'ended', attempt: account.attempts, costMicroUsd });
}
