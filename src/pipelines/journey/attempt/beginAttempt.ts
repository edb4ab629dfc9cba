import {
  catchError,
  concat,
  concatMap,
  defaultIfEmpty,
  defer,
  EMPTY,
  filter,
  finalize,
  ignoreElements,
  type MonoTypeOperatorFunction,
  map,
  type Observable,
  of,
  takeUntil,
  throwError,
} from 'rxjs';
import { truncateDataUrls } from '../../../base/modelInput.ts';
import { wallNow } from '../../../base/monotonicScheduler.ts';
import {
  expectSecrets,
  hideInError,
  hideInPrediction,
  revealSecrets,
  SECRET,
} from '../../../base/secretInputs.ts';
import { ProviderError } from '../../../errors.ts';
import { isUnconnected } from '../../../operators/internal/outageErrors.ts';
import { createPrediction } from '../../../operators/predictions/createPrediction.ts';
import { expectedPrice } from '../../../operators/stages/budgetTake.ts';
import { overBudget } from '../../../operators/stages/overBudget.ts';
import { throwFailed } from '../../../operators/stages/throwFailed.ts';
import type { Governor, Provider } from '../../../ports.ts';
import type { Plan, Prediction, PredictionRequest } from '../../../types.ts';
import { withFiles } from '../inputFiles.ts';
import type { JobState } from '../job.ts';
import type { RunControl, RunHooks, RunLimits, RunServices, Shared, Stateful } from '../run.ts';
import { type Following, followPrediction, recordEnded } from './followPrediction.ts';
import { LostAttempt } from './lostAttempt.ts';

/** Time for a create request beyond the prediction's own: queueing, and the response's way back. */
const CANCEL_MARGIN_MS = 30_000;
/**
 * Each attempt gets a time limit of its own, up to so many seconds later: if the service shows it,
 * the limit distinguishes the predictions of identical requests.
 */
const CANCEL_CHOICES = 300;

/** The groups of a run that beginning an attempt reads. */
export type Beginning = Following &
  Pick<RunServices, 'ledger' | 'governor' | 'lookout' | 'outage' | 'answers'> &
  Pick<Shared, 'addressOf'> &
  Pick<RunLimits, 'waitMs'> &
  Pick<RunHooks, 'webhookUrlOf' | 'beforeCreate'> &
  Pick<RunControl, 'stop'> &
  Stateful;

/**
 * Begins a new attempt: reserves the money, records the intent, creates the prediction, records its
 * id, in this order.
 */
export function beginAttempt(job: JobState, run: Beginning): Observable<Prediction> {
  const { plan, request } = job;
  const priceMicroUsd = expectedPrice(request, run.answers);
  job.stage = 'creation';
  job.respondedAtMs = null;
  if (job.reservation?.microUsd !== (priceMicroUsd ?? 0)) {
    // Reserved for another model.
    job.reservation?.release();
    job.reservation = null;
  }
  // True from a refusal until the request is sent again: then nothing can have been made. A request
  // that was sent before is sent again only if it made nothing.
  let isRefused = false;
  let wasSent = false;
  // True while it waits for its turn of an account, which may never come once the run is halted.
  let isInLine = false;
  const cancelAfterMs = run.timeoutAction === 'leave' ? null : ownLimitMs(run);
  return of(request).pipe(
    map((value) => {
      job.reservation ??= run.ledger.reserve(priceMicroUsd);
      if (job.reservation === null) throw overBudget(request.model, priceMicroUsd, run.ledger.refusedBy?.());
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
    createPrediction(withSecrets(run.provider, plan), {
      governor: untilStopped(run),
      lookout: run.lookout,
      onLost: (attempt, error) => throwError(() => new LostAttempt(attempt, error)),
      waitMs: Math.min(run.waitMs, run.timeoutMs),
      ...(cancelAfterMs === null ? {} : { cancelAfterMs, timeoutMs: run.timeoutMs }),
      ...(run.webhookUrlOf === undefined ? {} : { webhookUrl: run.webhookUrlOf(plan, attemptId(run)) }),
      ...mayStillSend(plan, run),
      isOutage: isUnconnected,
      prepare: (wanted) => {
        expectSecrets(wanted.input, plan.secrets);
        return withFiles(wanted, plan.files, run);
      },
      beforeSend: (sent, attempt) => {
        isRefused = wasSent;
        job.sent = sent;
        job.tracked = attempt;
        attempt.owner = { index: plan.index, attempt: job.attempts };
        job.startedAtMs = attempt.wallMs;
        job.open = { predictionId: null };
        isInLine = run.journal.admits === true;
        const recorded = run.journal.record(plan, {
          type: 'intended',
          attempt: job.attempts,
          atMs: job.startedAtMs,
          cancelAfterMs,
          request: forJournal(sent),
          reservedMicroUsd: priceMicroUsd,
        });
        const inLine = recorded.pipe(
          finalize(() => {
            isInLine = false;
          }),
        );
        return run.detached && !wasSent ? concat(inLine, run.beforeCreate(plan)) : inLine;
      },
      onSend: ({ wallMs, sentAtMs }) => {
        isRefused = false;
        wasSent = true;
        // The store may have let it wait for its turn.
        job.startedAtMs = wallMs;
        job.waitingSinceMs = sentAtMs;
      },
      onThrottled: (namedMs, message) => {
        isRefused = true;
        const waitMs = run.governor.closedMs?.() ?? namedMs ?? 0;
        const why = message === null ? {} : { message };
        run.emit({ type: 'rate.paused', waitMs, reason: 'refused', ...why });
      },
      scheduler: run.scheduler,
    }),
    takeUntil(run.stop.pipe(filter(() => isInLine))),
    throwFailed(),
    map(({ prediction }) => prediction),
    catchError((error: unknown) => giveUp(error, job, run)),
    endIfEmpty(() => (isRefused ? recordEnded(0, job, run).pipe(ignoreElements()) : EMPTY)),
    concatMap((prediction) => {
      if (prediction.outputComplete) job.respondedAtMs = wallNow(run.scheduler);
      return followPrediction(prediction, job, run);
    }),
  );
}

/**
 * Returns a provider that sends the secrets of a plan, and shows them nowhere: neither requests nor
 * predictions nor errors have them outside of it.
 */
function withSecrets(provider: Provider, { secrets, input }: Plan): Provider {
  if (!Object.values(input).includes(SECRET)) return provider;
  const create: Provider['createPrediction'] = (request, options) =>
    provider.createPrediction(revealSecrets(request, secrets), options).pipe(
      map((prediction) => hideInPrediction(prediction, input, secrets)),
      catchError((error: unknown) => throwError(() => hideInError(error, secrets))),
    );
  return { ...provider, createPrediction: create };
}

function mayStillSend({ index }: Plan, { journal }: Pick<RunServices, 'journal'>) {
  return journal.mayStillSend === undefined
    ? {}
    : { mayStillSend: () => journal.mayStillSend?.(index) !== false };
}

function ownLimitMs({ timeoutMs, random }: Pick<Beginning, 'timeoutMs' | 'random'>): number {
  const choice = Math.min(CANCEL_CHOICES - 1, Math.floor(CANCEL_CHOICES * random()));
  return Math.ceil(timeoutMs) + CANCEL_MARGIN_MS + 1_000 * choice;
}

/** Returns eight digits that distinguish the webhook of an attempt. */
function attemptId({ random }: Pick<Beginning, 'random'>): string {
  return Math.floor(random() * (2 ** 32 - 1))
    .toString(16)
    .padStart(8, '0');
}

/**
 * Returns the governor of a run, which admits nothing while the service is away; a job that waits
 * for it when the run is stopped sends nothing.
 */
function untilStopped(run: Pick<Beginning, 'governor' | 'outage' | 'state' | 'stop'>): Governor {
  const { governor, outage } = run;
  return {
    admit: (wasRefused) =>
      defer(() => (run.state.isStopped ? EMPTY : outage.admitCreate())).pipe(
        concatMap(() => governor.admit(wasRefused)),
        takeUntil(run.stop),
      ),
  };
}

/**
 * Ends an attempt whose create request certainly made nothing: the next run does not look for a
 * prediction of it.
 */
function giveUp(error: unknown, job: JobState, run: Pick<RunServices, 'journal'>): Observable<never> {
  const isOver = error instanceof ProviderError && error.tookEffect === 'no' && job.reservation !== null;
  const failed = throwError(() => error);
  if (!isOver) return failed;
  return concat(recordEnded(0, job, run).pipe(ignoreElements()), failed);
}

/** Completes with `end` if the source has emitted nothing: the run was stopped meanwhile. */
function endIfEmpty(end: () => Observable<never>): MonoTypeOperatorFunction<Prediction> {
  return (source) =>
    source.pipe(
      defaultIfEmpty(null),
      concatMap((made) => (made === null ? end() : of(made))),
    );
}

/**
 * Returns the part of a request that the journal stores: enough to recognize its prediction. Long
 * data is stored as its hash.
 */
function forJournal({ model, version = null, input }: PredictionRequest): PredictionRequest {
  return { model, version, input: truncateDataUrls(input) };
}

/**
 * Books the cost of an attempt that has no output, or has lost it, and records that the attempt is
 * over.
 */
export function closeAttempt(
  prediction: Prediction,
  job: JobState,
  run: Pick<RunServices, 'answers' | 'journal'>,
): Observable<void> {
  const unknownMicroUsd = prediction.outputComplete ? job.request.priceMicroUsd : null;
  const costMicroUsd = run.answers.costOf(prediction) ?? unknownMicroUsd ?? 0;
  if (costMicroUsd > 0) {
    job.paidMicroUsd += costMicroUsd;
    job.reservation?.settle(costMicroUsd);
    job.reservation = null;
  }
  return recordEnded(costMicroUsd, job, run);
}
