import { isDeepStrictEqual } from 'node:util';
import {
  concat,
  concatMap,
  defer,
  EMPTY,
  ignoreElements,
  merge,
  type Observable,
  type OperatorFunction,
  of,
  takeUntil,
  throwError,
} from 'rxjs';
import { truncateDataUrls } from '../../base/modelInput.ts';
import { CircuitOpenError, PredictionError, ProviderError } from '../../errors.ts';
import { circuitBreaker } from '../../operators/circuitBreaker.ts';
import { fallbackTo } from '../../operators/fallbackTo.ts';
import { gate } from '../../operators/gate.ts';
import { retryPolicies } from '../../operators/internal/retryPolicies.ts';
import { retryBackoff } from '../../operators/retryBackoff.ts';
import type { ModelInput, Plan, Prediction, PredictionRequest, PricedRequest } from '../../types.ts';
import { beginAttempt, closeAttempt } from './beginAttempt.ts';
import { withFiles } from './inputFiles.ts';
import { type JobState, mayHavePrediction } from './job.ts';
import { outcomeError } from './outcomes.ts';
import { cancelAttempt, type Resuming, resumeAttempt } from './resumeAttempt.ts';
import type { RunControl, RunLimits, RunRecovery, RunServices, Shared } from './run.ts';

/** What making a prediction reads of its run. */
export type Making = Resuming &
  Pick<RunServices, 'answers'> &
  Pick<Shared, 'breaker'> &
  Pick<RunLimits, 'slots' | 'maxAttempts' | 'retriesInPlace'> &
  Pick<RunRecovery, 'fallbacksOf'> &
  RunControl;

/**
 * Turns a plan into a prediction with output: takes up what an earlier run left open, else creates; follows it to its
 * end; begins again where the platform was at fault and attempts are left, then goes on with the fallbacks. Holds one of
 * the run's slots only while a prediction is open, so neither uploads nor downloads nor encoders keep the service waiting.
 *
 * Emits `PredictionError`, `ProviderError` or `BudgetError` where the job has to be given up.
 */
export function makePrediction(job: JobState, run: Making): OperatorFunction<Plan, Prediction> {
  return concatMap(() => {
    const [first = job.plan, ...others] = requestsOf(job, run);
    let lastError: unknown = null;
    const attemptsWith = (request: PricedRequest) => defer(() => attempts(request, job, run));
    const insteadWith = (request: PricedRequest) =>
      defer(() => {
        if (request.onlyAfterRefusal === true && !isRefusal(lastError)) return throwError(() => lastError);
        const { index } = job.plan;
        run.emit({ type: 'job.fallback', index, model: request.model, error: outcomeError(lastError) });
        return attempts(request, job, run);
      });
    return attemptsWith(first).pipe(
      fallbackTo(others.map(insteadWith), {
        shouldFallBack: (error) => shouldFallBack(error, job),
        onFallback: ({ error }) => {
          lastError = error;
        },
      }),
    );
  });
}

/** All attempts with one request. */
function attempts(request: PricedRequest, job: JobState, run: Making): Observable<Prediction> {
  job.request = request;
  const attempt = defer(() => {
    if (job.earlier !== null && mayHavePrediction(job.earlier) && run.detached) return EMPTY;
    if (job.earlier !== null) return resumeAttempt(job, job.earlier, run);
    // Told to stop while it waited in line: it ends without an outcome, and nothing is paid.
    return run.state.isStopped ? EMPTY : beginAttempt(job, run);
  }).pipe(
    cancelAttempt(job, run),
    concatMap((prediction) => settle(prediction, job, run)),
  );
  const guarded = defer(() => {
    // What runs already is followed to its end, whatever became of its model meanwhile.
    const isBegun = job.earlier !== null;
    if (run.breaker === null || isBegun) return attempt;
    return attempt.pipe(circuitBreaker(run.breaker, { name: request.model, isFailure: isModelFault }));
  }).pipe(gate(run.slots));
  return concat(filesUploaded(request, job, run), guarded).pipe(
    retryBackoff({
      ...retryPolicies.attempt,
      // In a queue the next attempt is another turn: the job goes to the end of the line.
      retries: run.retriesInPlace ? run.maxAttempts - 1 : 0,
      shouldRetry: isPlatformFault,
      onRetry: ({ error }) =>
        run.emit({
          type: 'job.retried',
          index: job.plan.index,
          attempt: job.attempts + 1,
          error: outcomeError(error),
        }),
      scheduler: run.scheduler,
      random: run.random,
    }),
  );
}

/** Has the files of a new attempt at the service before it asks for a slot; completes. */
function filesUploaded(request: PricedRequest, { plan, earlier }: JobState, run: Making): Observable<never> {
  return defer(() => {
    if (earlier !== null || run.state.isStopped || run.provider.uploadFile === undefined) return EMPTY;
    return withFiles(request, plan.files, run).pipe(takeUntil(merge(run.stop, run.cancel)), ignoreElements());
  });
}

/** Passes on a prediction with output; closes the books of an attempt that ended without. */
function settle(prediction: Prediction, job: JobState, run: Making): Observable<Prediction> {
  const { plan } = job;
  job.prediction = prediction;
  run.emit({
    type: 'prediction.completed',
    index: plan.index,
    predictionId: prediction.id,
    status: prediction.status,
  });
  if (prediction.outputComplete) return of(prediction);
  return closeAttempt(prediction, job, run).pipe(
    concatMap(() => throwError(() => endedError(prediction, job, run))),
  );
}

function endedError(prediction: Prediction, job: JobState, run: Making): PredictionError {
  const tookMs = run.scheduler.now() - job.startedAtMs;
  if (run.state.isStopped && prediction.status === 'canceled') return stoppedError(prediction.id);
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

function stoppedError(predictionId: string): PredictionError {
  return new PredictionError(
    'ERR_STOPPED',
    `The run was stopped and prediction ${predictionId} cancelled with it.`,
    { predictionId, recoverable: true, suggestion: 'Run the same command again to go on.' },
  );
}

/** Codes of attempts that ended because somebody, or the clock, wanted it so. */
const wishes = ['ERR_PREDICTION_TIMEOUT', 'ERR_PREDICTION_CANCELED', 'ERR_STOPPED'];

function isPlatformFault(error: unknown): boolean {
  return error instanceof PredictionError && error.recoverable && !wishes.includes(error.code);
}

function isRefusal(error: unknown): boolean {
  return error instanceof PredictionError && error.code === 'ERR_SAFETY';
}

/** What speaks against the model, and not against one prompt or one input. */
function isModelFault(error: unknown): boolean {
  if (error instanceof PredictionError) {
    return error.code === 'ERR_PREDICTION_TIMEOUT' || (!isRefusal(error) && !wishes.includes(error.code));
  }
  return error instanceof ProviderError && (error.status === 403 || error.status === 404);
}

/**
 * A model that fails, refuses, is too slow or not to be had; neither a wrong input nor somebody's wish to cancel. Where the
 * service does not know a prediction that was made, that one may be paid, and no other is made for it.
 */
function shouldFallBack(error: unknown, { open, turnsLeft }: JobState): boolean {
  if (open !== null || (turnsLeft > 0 && isPlatformFault(error))) return false;
  if (error instanceof CircuitOpenError) return true;
  if (error instanceof PredictionError) {
    return error.code === 'ERR_PREDICTION_TIMEOUT' || !wishes.includes(error.code);
  }
  return error instanceof ProviderError && (error.status === 403 || error.status === 404);
}

/**
 * What a job sends, in order: its plan, then its fallbacks. Where an earlier run was stopped in the middle of a fallback
 * the job goes on from there.
 */
function requestsOf(
  { plan, earlier }: JobState,
  run: Pick<RunRecovery, 'fallbacksOf'>,
): readonly PricedRequest[] {
  const all = [plan, ...run.fallbacksOf(plan)];
  const open = earlier?.request ?? null;
  if (open === null) return all;
  const level = all.findIndex(
    ({ model, version, input: own }) =>
      model === open.model && version === open.version && own.seed === open.input.seed,
  );
  const input = wantedInput(open, plan);
  // A model that is no fallback any more may have been paid all the same.
  if (level < 0) return [{ ...open, input, priceMicroUsd: plan.priceMicroUsd }, ...all];
  const [same, ...others] = all.slice(level);
  if (same !== undefined && isDeepStrictEqual(same.input, input)) return [same, ...others];
  return [{ ...open, input, priceMicroUsd: same?.priceMicroUsd ?? null }, ...others];
}

/**
 * The input of a request that was sent, before its files had addresses and before long data in it was cut. All of these are
 * the plan's own.
 */
function wantedInput({ input: sent }: PredictionRequest, { input: own, files = {} }: Plan): ModelInput {
  const names = new Set(Object.keys(files).map((place) => place.replace(/\[.*/, '')));
  const values = Object.entries(sent).map(([name, value]) => {
    const planned = own[name];
    const isStandIn = names.has(name) || isDeepStrictEqual(truncateDataUrls(planned ?? null), value);
    return [name, isStandIn && planned !== undefined ? planned : value] as const;
  });
  return Object.fromEntries(values);
}
