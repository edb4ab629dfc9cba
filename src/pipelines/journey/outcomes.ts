import {
  catchError,
  concatMap,
  defaultIfEmpty,
  EMPTY,
  type MonoTypeOperatorFunction,
  map,
  type OperatorFunction,
  of,
} from 'rxjs';
import type { RenderedOriginal } from '../../base/items/item.ts';
import { incompleteError, outcomeError } from '../../base/items/outcomeErrors.ts';
import { truncateDataUrls } from '../../base/modelInput.ts';
import { toMicroUsd } from '../../base/text.ts';
import { BudgetError, PredictionError, ProviderError, RxposureError, StorageError } from '../../errors.ts';
import { filesOf } from '../../sinks/manifest/outcomeFiles.ts';
import type { Outcome, OutcomeError } from '../../types.ts';
import type { JobState } from './job.ts';
import type { Rating } from './rating.ts';
import type { RunOutputs, RunRecovery, RunServices, Stateful } from './run.ts';

export { outcomeError };

/** The groups of a run that describing a job reads. */
type Describing = Pick<RunServices, 'answers' | 'service'> & Pick<RunRecovery, 'fallbacksOf'>;

/** The groups of a run that describing its images reads. */
type Described = Pick<RunOutputs, 'folder' | 'provenance' | 'isSigned'>;

/** Turns originals and renditions on disk into the outcome of their job. */
export function toSavedOutcome(
  job: JobState,
  run: Describing & Described,
): OperatorFunction<readonly RenderedOriginal[], Outcome> {
  return map((images) => {
    // All that is left is to deliver them.
    job.stage = 'delivery';
    return savedOutcome(job, images, run);
  });
}

/**
 * Rates the image of a saved job: destinations, sidecar and manifest have its score. An image that
 * cannot be rated is saved without; an error of the service that concerns all jobs (401, 402) halts
 * the run besides.
 */
export function rateImage(
  job: JobState,
  { rate, state }: Pick<RunOutputs, 'rate'> & Stateful,
): MonoTypeOperatorFunction<Outcome> {
  return concatMap((outcome) => {
    if (rate === null || outcome.status !== 'saved') return of(outcome);
    return rate(outcome).pipe(
      map((rating) => {
        job.rating = rating;
        if (rating.fault !== null) state.halt(rating.fault);
        return withScore(outcome, rating);
      }),
      defaultIfEmpty(outcome),
    );
  });
}

/** Returns an outcome with the score of its image; without one if it could not be rated. */
export function withScore(outcome: Outcome, { score }: Pick<Rating, 'score'>): Outcome {
  const { score: _before, ...metrics } = outcome.metrics;
  return { ...outcome, metrics: score === null ? metrics : { ...metrics, score } };
}

/** Returns an outcome with the cost of a rating, which is paid for the job too. */
export function withRatingCost(outcome: Outcome, { costUsd: ratingUsd }: Pick<Rating, 'costUsd'>): Outcome {
  const { scoreCostUsd: before = 0, ...metrics } = outcome.metrics;
  return {
    ...outcome,
    costUsd: sum(outcome.costUsd, ratingUsd, -Number(before)),
    metrics: ratingUsd === 0 ? metrics : { ...metrics, scoreCostUsd: ratingUsd },
  };
}

/** Adds amounts in whole micro-dollars, since sums of fractions drift; null if one is unknown. */
function sum(...amounts: readonly (number | null)[]): number | null {
  let microUsd = 0;
  for (const usd of amounts) {
    if (usd === null) return null;
    microUsd += toMicroUsd(usd);
  }
  return microUsd / 1_000_000;
}

/**
 * Turns the error of a job into its outcome. An error of the service that concerns all jobs (401,
 * 402) halts the run instead: this job ends without an outcome, while the others finish, because
 * they may be paid already and their outputs live for one hour only.
 */
export function orFailedOutcome(
  job: JobState,
  run: Describing & Stateful & Pick<RunOutputs, 'folder'>,
): MonoTypeOperatorFunction<Outcome> {
  return catchError((error: unknown) => {
    if (!(error instanceof ProviderError && error.stopsRun)) {
      return of({ ...failedOutcome(job, error, run), files: filesOf(job, [], run.folder) });
    }
    run.state.halt(error);
    return EMPTY;
  });
}

/**
 * Returns the outcome of a job that had to be given up: `skipped` if the budget did not allow it or
 * the run was stopped, else `failed`. Throws the error again if it concerns the whole run: a disk
 * that refuses, an internal error.
 */
export function failedOutcome(job: JobState, error: unknown, run: Describing): Outcome {
  if (concernsWholeRun(error)) throw error;
  const described = { ...describeJob(job, run), files: [] };
  if (isSkipped(error)) return { ...described, status: 'skipped', error: outcomeError(error) };
  const spent = timeSpent(error, job);
  return { ...described, status: 'failed', error: { ...outcomeError(error), stage: job.stage, ...spent } };
}

/** Returns the attempts of a job that ran out of time, and the wait for the last one. */
function timeSpent(error: unknown, { attempts }: JobState): Pick<OutcomeError, 'attempts' | 'waitedMs'> {
  if (!(error instanceof PredictionError) || error.waitedMs === null) return {};
  return { attempts, waitedMs: Math.round(error.waitedMs) };
}

function isSkipped(error: unknown): boolean {
  return error instanceof BudgetError || (error instanceof RxposureError && error.code === 'ERR_STOPPED');
}

function concernsWholeRun(error: unknown): boolean {
  return error instanceof StorageError || !(error instanceof RxposureError);
}

/** Returns the fields that an outcome has however its job ended. */
export function describeJob(job: JobState, run: Describing): Omit<Outcome, 'status' | 'files' | 'error'> {
  const { plan, request, prediction, attempts, isCached, cachedAt } = job;
  const { costMicroUsd, estimatedMicroUsd } = costOf(job, run);
  return {
    index: plan.index,
    key: plan.key,
    prompt: plan.prompt,
    model: request.model,
    version: prediction?.version ?? request.version ?? null,
    input: truncateDataUrls(request.input),
    tags: plan.tags,
    predictionId: prediction?.id ?? null,
    attempts,
    metrics: metricsOf(job),
    costUsd: costMicroUsd === null ? null : costMicroUsd / 1_000_000,
    ...(estimatedMicroUsd > 0 && { estimatedUsd: estimatedMicroUsd / 1_000_000 }),
    cached: isCached,
    ...(cachedAt !== null && { cachedAt }),
    createdAt: prediction?.createdAt ?? null,
    completedAt: prediction?.completedAt ?? null,
    ...levelOf(job, run),
    ...named(run.service),
  };
}

export function named(service: string | null): Pick<Outcome, 'service'> {
  return service === null ? {} : { service };
}

/**
 * Returns the position of the job's last request among its fallbacks, and the models of those
 * before it; nothing for the plan itself.
 */
function levelOf(
  { plan, request }: JobState,
  run: Describing,
): Pick<Outcome, 'fallbackLevel' | 'modelsTried'> {
  if (request === plan) return {};
  const fallbacks = run.fallbacksOf(plan);
  const level = fallbacks.findIndex(
    ({ model, version = null, input }) =>
      model === request.model && version === (request.version ?? null) && input.seed === request.input.seed,
  );
  if (level < 0) return {};
  const tried = [plan, ...fallbacks.slice(0, level + 1)].map(({ model }) => model);
  const modelsTried = tried.filter((model, index) => tried.indexOf(model) === index);
  return { fallbackLevel: level + 1, ...(modelsTried.length > 1 && { modelsTried }) };
}

/** Returns the metrics of a job's prediction; an own time in place of one that is not reported. */
function metricsOf({ prediction, respondedAtMs, startedAtMs }: JobState): Outcome['metrics'] {
  const metrics = prediction?.metrics ?? {};
  const isMeasured = typeof metrics.predict_time === 'number';
  if (isMeasured || respondedAtMs === null || respondedAtMs < startedAtMs) return metrics;
  return { ...metrics, own_wall_time: (respondedAtMs - startedAtMs) / 1_000 };
}

/** The money paid for a job, in millionths of a US dollar. */
interface PaidCost {
  /** Null if no price is known. */
  readonly costMicroUsd: number | null;
  /** Part of it that is an estimate. */
  readonly estimatedMicroUsd: number;
}

/**
 * Returns the money paid for a job: for its ended attempts and its prediction, at the expected
 * price if its cost is unknown.
 */
function costOf({ prediction, request, isCached, paidMicroUsd }: JobState, run: Describing): PaidCost {
  const isPaid = !isCached && prediction?.outputComplete === true;
  if (!isPaid) return { costMicroUsd: paidMicroUsd, estimatedMicroUsd: 0 };
  const lastMicroUsd = run.answers.costOf(prediction);
  if (lastMicroUsd !== null) return { costMicroUsd: paidMicroUsd + lastMicroUsd, estimatedMicroUsd: 0 };
  const { priceMicroUsd } = request;
  if (priceMicroUsd === null) return { costMicroUsd: null, estimatedMicroUsd: 0 };
  return { costMicroUsd: paidMicroUsd + priceMicroUsd, estimatedMicroUsd: priceMicroUsd };
}

/**
 * Returns the path, below the run folder, of the first original that is an image; null if an
 * outcome has none.
 */
export function originalPicture({ status, files }: Pick<Outcome, 'status' | 'files'>): string | null {
  if (status !== 'saved') return null;
  return files.find(({ role, width }) => role === 'original' && width !== null)?.path ?? null;
}

/**
 * Returns the outcome of a job whose files are on disk: all that its prediction has made, or the
 * others if some are missing or cannot be used.
 */
function savedOutcome(
  job: JobState,
  images: readonly RenderedOriginal[],
  run: Describing & Described,
): Outcome {
  const { provenance, isSigned, folder } = run;
  const { missing, refused } = job;
  const suggestion = 'Run the same command again within the hour: only missing files are downloaded.';
  const error = incompleteError({ missing, refused, usable: images.length, suggestion });
  return {
    ...describeJob(job, run),
    status: error === null ? 'saved' : 'failed',
    ...(provenance !== 'full' && { provenance }),
    ...(isSigned && { isSigned }),
    files: filesOf(job, images, folder),
    ...(error !== null && { error }),
  };
}
