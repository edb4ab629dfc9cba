import { catchError, concatMap, defer, EMPTY, map, type Observable, of, takeUntil, throwError } from 'rxjs';
import { truncateDataUrls } from '../../base/modelInput.ts';
import { formatUsd } from '../../base/text.ts';
import { BudgetError, ProviderError } from '../../errors.ts';
import { createPrediction } from '../../operators/predictions/createPrediction.ts';
import { budgetTake } from '../../operators/stages/budgetTake.ts';
import type { Governor } from '../../ports.ts';
import type { Prediction, PredictionRequest, PricedRequest } from '../../types.ts';
import { type Following, followPrediction } from './followPrediction.ts';
import { withFiles } from './inputFiles.ts';
import type { JobState } from './job.ts';
import type { RunControl, RunHooks, RunLimits, RunServices, Shared, Stateful } from './run.ts';

/** What a create may take longer than the prediction's own time: queueing and the way back. */
const CANCEL_MARGIN_MS = 30_000;

/** What a new attempt reads of its run. */
export type Beginning = Following &
  Pick<RunServices, 'ledger' | 'governor'> &
  Pick<Shared, 'claims' | 'addressOf'> &
  Pick<RunLimits, 'waitMs'> &
  Pick<RunHooks, 'webhookUrlOf'> &
  Pick<RunControl, 'stop'> &
  Stateful;

/** A new attempt: money, intent, create, id, in this order. */
export function beginAttempt(job: JobState, run: Beginning): Observable<Prediction> {
  const { plan, request } = job;
  const priceMicroUsd = request.priceMicroUsd ?? 0;
  if (job.reservation?.microUsd !== priceMicroUsd) {
    // Held for another model.
    job.reservation?.release();
    job.reservation = null;
  }
  return of(request).pipe(
    budgetTake(run.ledger, () => (job.reservation === null ? priceMicroUsd : 0)),
    map(({ value, reservation }) => {
      if (reservation === null) throw overBudget(request);
      job.reservation ??= reservation;
      job.attempts += 1;
      run.emit({
        type: 'prediction.creating',
        index: plan.index,
        prompt: plan.prompt,
        model: request.model,
        attempt: job.attempts,
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
        job.sent = sent;
        job.startedAtMs = run.scheduler.now();
        job.waitingSinceMs = job.startedAtMs;
        job.open = { predictionId: null };
        return run.journal.record(plan, {
          type: 'intended',
          attempt: job.attempts,
          atMs: job.startedAtMs,
          ...(sent === plan ? {} : { request: asKept(sent) }),
        });
      },
      onThrottled: (waitMs) => run.emit({ type: 'rate.paused', waitMs: waitMs ?? 0 }),
      scheduler: run.scheduler,
    }),
    catchError((error: unknown) => giveUp(error, job, run)),
    concatMap((prediction) => followPrediction(prediction, job, run)),
  );
}

/** Who waits for the governor when the run is told to stop sends nothing any more. */
function untilStopped(run: Pick<Beginning, 'governor' | 'state' | 'stop'>): Governor {
  const { governor } = run;
  return {
    admit: () => defer(() => (run.state.isStopped ? EMPTY : governor.admit().pipe(takeUntil(run.stop)))),
  };
}

/** A create that certainly made nothing is over: the next run need not look for it. */
function giveUp(error: unknown, job: JobState, run: Pick<RunServices, 'journal'>): Observable<never> {
  const isOver = error instanceof ProviderError && error.tookEffect === 'no' && job.reservation !== null;
  const failed = throwError(() => error);
  if (!isOver) return failed;
  job.open = null;
  const entry = { type: 'ended', attempt: job.attempts, costMicroUsd: 0 } as const;
  return run.journal.record(job.plan, entry).pipe(concatMap(() => failed));
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
export function closeAttempt(
  prediction: Prediction,
  job: JobState,
  run: Pick<RunServices, 'answers' | 'journal'>,
): Observable<void> {
  job.open = null;
  const unknownMicroUsd = prediction.outputComplete ? job.request.priceMicroUsd : null;
  const costMicroUsd = run.answers.costOf(prediction) ?? unknownMicroUsd ?? 0;
  if (costMicroUsd > 0) {
    job.paidMicroUsd += costMicroUsd;
    job.reservation?.settle(costMicroUsd);
    job.reservation = null;
  }
  return run.journal.record(job.plan, { type: 'ended', attempt: job.attempts, costMicroUsd });
}
