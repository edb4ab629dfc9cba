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
  retry,
  takeUntil,
  tap,
  throwError,
} from 'rxjs';
import { truncateDataUrls } from '../../base/modelInput.ts';
import { isWithheld } from '../../base/service.ts';
import { CircuitOpenError, PredictionError, ProviderError } from '../../errors.ts';
import { fallbackTo } from '../../operators/fallbackTo.ts';
import { gate } from '../../operators/gate.ts';
import { retryPolicies } from '../../operators/internal/retryPolicies.ts';
import { circuitBreaker } from '../../operators/pace/circuitBreaker.ts';
import { isFaultOfService } from '../../operators/predictions/lost/lostErrors.ts';
import { retryBackoff } from '../../operators/retryBackoff.ts';
import type { ModelInput, Plan, Prediction, PredictionRequest, PricedRequest } from '../../types.ts';
import { afterPause } from './attempt/afterPause.ts';
import { beginAttempt } from './attempt/beginAttempt.ts';
import { followPrediction } from './attempt/followPrediction.ts';
import { findIfLost, LostInOutage, type Searching } from './attempt/lostAttempt.ts';
import { cancelAttempt, type Resuming, resumeAttempt } from './attempt/resumeAttempt.ts';
import { type Settling, settle } from './attempt/settleAttempt.ts';
import { stoppedInOutage } from './attempt/stoppedInOutage.ts';
import { withFiles } from './inputFiles.ts';
import { type JobState, mayHavePrediction, turnsAhead } from './job.ts';
import { outcomeError } from './outcomes.ts';
import type { RunControl, RunLimits, RunRecovery, RunServices, Shared, Stateful } from './run.ts';

/** The groups of a run that making a prediction reads. */
export type Making = Resuming &
  Settling &
  Searching &
  Pick<Shared, 'breaker'> &
  Pick<RunLimits, 'slots' | 'maxAttempts' | 'retriesInPlace'> &
  Pick<RunRecovery, 'fallbacksOf'> &
  RunControl;

/** The groups of a run that uploading the files of an attempt reads. */
type Uploading = Pick<RunServices, 'provider'> & Pick<Shared, 'addressOf'> & RunControl & Stateful;

/**
 * Turns a plan into a prediction with output. Resumes the attempt that an earlier run left open, or
 * creates a prediction, and follows it to its end. Tries again if the platform was at fault and
 * attempts are left, then continues with the fallbacks. Holds one of the run's slots only while a
 * prediction is open, so that uploads, downloads and encoders never keep the service waiting.
 *
 * Emits `PredictionError`, `ProviderError` or `BudgetError` if the job has to be given up.
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
  const reportRetry = ({ error }: { error: unknown }) =>
    run.emit({
      type: 'job.retried',
      index: job.plan.index,
      attempt: job.attempts + 1,
      error: outcomeError(error),
    });
  const { scheduler, random } = run;
  const sentAgainIfLost = defer(() => attempt(request, job, run)).pipe(
    // The next attempt waits until the service is back.
    retry({
      delay: (error: unknown) => (error instanceof LostInOutage ? of(null) : throwError(() => error)),
    }),
    retryBackoff({
      ...retryPolicies.create,
      shouldRetry: isNotCreated,
      onRetry: reportRetry,
      random: () => 1,
      scheduler,
    }),
  );
  return concat(uploadFiles(request, job, run), sentAgainIfLost).pipe(
    retryBackoff({
      ...retryPolicies.attempt,
      // In a queue the next attempt is another turn: the job goes to the end of the line.
      retries: run.retriesInPlace ? run.maxAttempts - 1 : job.turnsLeft,
      shouldRetry: (error) => isPlatformFault(error) && turnsAhead(job) === 0,
      onRetry: reportRetry,
      scheduler,
      random,
    }),
  );
}

/**
 * One attempt, resumed or new. While its create request is lost, the job holds no slot; if its
 * prediction is found, the job waits for a slot to follow it.
 */
function attempt(request: PricedRequest, job: JobState, run: Making): Observable<Prediction> {
  const begun = defer(() => {
    if (job.earlier !== null && mayHavePrediction(job.earlier) && run.detached) return EMPTY;
    if (job.earlier !== null) return resumeAttempt(job, job.earlier, run);
    // If the run was stopped while the job waited in line, it ends without an outcome, and nothing
    // is paid.
    return run.state.isStopped ? EMPTY : afterPause(() => beginAttempt(job, run), run);
  }).pipe(concatMap((prediction) => settle(prediction, job, run)));
  const guarded = defer(() => {
    // A prediction that runs already is followed to its end, even if its model is paused meanwhile.
    const isBegun = job.earlier !== null;
    if (run.breaker === null || isBegun) return begun;
    return begun.pipe(circuitBreaker(run.breaker, { name: request.model, isFailure: isModelFault }));
  });
  // Inside the slot: it must not go to a job whose create request would be refused as well.
  const haltAll = (error: unknown) => {
    if (error instanceof ProviderError && error.stopsRun) run.state.halt(error);
  };
  return guarded.pipe(
    tap({ error: haltAll }),
    gate(run.slots),
    findIfLost(job, run, (found) =>
      followPrediction(found, job, run).pipe(
        concatMap((prediction) => settle(prediction, job, run)),
        gate(run.slots),
      ),
    ),
    cancelAttempt(job, run),
    takeUntil(stoppedInOutage(run, run.outage)),
  );
}

/** Uploads the files of a new attempt before it asks for a slot; completes without a value. */
function uploadFiles(request: PricedRequest, { plan, earlier }: JobState, run: Uploading): Observable<never> {
  return defer(() => {
    if (earlier !== null || run.state.isStopped || run.provider.uploadFile === undefined) return EMPTY;
    return withFiles(request, plan.files, run).pipe(takeUntil(merge(run.stop, run.cancel)), ignoreElements());
  });
}

/** Codes of attempts that ended on purpose: cancelled by a person, by the run or by its clock. */
const cancellations = ['ERR_PREDICTION_TIMEOUT', 'ERR_PREDICTION_CANCELED', 'ERR_STOPPED'];

/**
 * Returns true if another attempt may succeed: the platform failed the prediction, or the create
 * request, which made nothing.
 */
function isPlatformFault(error: unknown): boolean {
  if (isFaultOfService(error)) return true;
  return error instanceof PredictionError && error.recoverable && !cancellations.includes(error.code);
}

function isNotCreated(error: unknown): boolean {
  return error instanceof ProviderError && error.code === 'ERR_NOT_CREATED';
}

function isRefusal(error: unknown): boolean {
  return error instanceof PredictionError && error.code === 'ERR_SAFETY';
}

/** Returns true if an error concerns the model, and not only one prompt or one input. */
function isModelFault(error: unknown): boolean {
  if (error instanceof PredictionError) {
    return (
      error.code === 'ERR_PREDICTION_TIMEOUT' || (!isRefusal(error) && !cancellations.includes(error.code))
    );
  }
  return isWithheld(error);
}

/**
 * Returns true if another model may succeed: this one fails, refuses, is too slow or unavailable. A
 * wrong input or a cancellation is no reason. If a prediction may exist that the service does not
 * list, it may be paid, and no other is made.
 */
function shouldFallBack(error: unknown, job: JobState): boolean {
  if (job.open !== null || (turnsAhead(job) > 0 && isPlatformFault(error))) return false;
  if (error instanceof CircuitOpenError) return true;
  if (error instanceof PredictionError) {
    return error.code === 'ERR_PREDICTION_TIMEOUT' || !cancellations.includes(error.code);
  }
  return isWithheld(error);
}

/**
 * Lists the requests of a job, in order: its plan, then its fallbacks. If an earlier run was
 * stopped in the middle of a fallback, the job continues from there.
 */
function requestsOf(
  { plan, earlier }: JobState,
  run: Pick<RunRecovery, 'fallbacksOf'>,
): readonly PricedRequest[] {
  const all = [plan, ...run.fallbacksOf(plan)];
  const open = earlier?.request ?? null;
  if (open === null) return all;
  const level = all.findIndex(
    ({ model, version = null, input: own }) =>
      model === open.model && version === (open.version ?? null) && own.seed === open.input.seed,
  );
  const input = wantedInput(open, plan);
  // A model that is no longer a fallback may have been paid nevertheless.
  if (level < 0) return [{ ...open, input, priceMicroUsd: plan.priceMicroUsd }, ...all];
  const [same, ...others] = all.slice(level);
  if (same !== undefined && isDeepStrictEqual(same.input, input)) return [same, ...others];
  return [{ ...open, input, priceMicroUsd: same?.priceMicroUsd ?? null }, ...others];
}

/**
 * Returns the input of a request that was sent, as it was before its files had addresses and before
 * long data was cut. The plan has both.
 */
function wantedInput({ input: sent }: PredictionRequest, { input: own, files = {} }: Plan): ModelInput {
  const names = new Set(Object.keys(files).map((path) => path.replace(/\[.*/, '')));
  const values = Object.entries(sent).map(([name, value]) => {
    const planned = own[name];
    const isStandIn = names.has(name) || isDeepStrictEqual(truncateDataUrls(planned ?? null), value);
    return [name, isStandIn && planned !== undefined ? planned : value] as const;
  });
  return Object.fromEntries(values);
}
