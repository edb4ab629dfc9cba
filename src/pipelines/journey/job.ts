import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type MonoTypeOperatorFunction, type Observable, tap } from 'rxjs';
import type { Made, RefusedOriginal } from '../../base/items/item.ts';
import { isBelow, outsideTarget, pathBelow } from '../../disk/insideFolder.ts';
import { StorageError } from '../../errors.ts';
import type { Attempt } from '../../operators/predictions/lost/attempt.ts';
import type { ProviderAnswers, Reservation } from '../../ports.ts';
import { statesPrediction } from '../../provenance/xmp.ts';
import type {
  FailureStage,
  FetchedOutput,
  ImageFile,
  JobRecord,
  MissingOutput,
  Outcome,
  Plan,
  Prediction,
  PredictionRequest,
  PricedRequest,
} from '../../types.ts';
import type { Hooks, Outputs } from './config.ts';
import type { Rating } from './rating.ts';

/** A job's turn to be made. */
interface Turn {
  /** The end of the previous turn, if there was one. */
  readonly postponed?: PostponedJob | undefined;
  /** Turns that the feed has for the job after this one, if it fails for now. */
  readonly turnsLeft: number;
}

/**
 * The way of one job. It completes without an outcome if the job was postponed, left to the
 * service, or stopped.
 */
export type Journey = (plan: Plan, turn: Turn) => Observable<Outcome>;

/** A job that will be tried again, and its outcome if that does not happen. */
export interface PostponedJob {
  readonly job: JobState;
  readonly outcome: Outcome;
}

/** The attempt that a job is in. */
interface AttemptState {
  /** The request of the current attempt: the plan, or one of its fallbacks. */
  request: PricedRequest;
  /**
   * The request as it was sent: with the addresses of files, long data possibly cut to its hash.
   */
  sent: PredictionRequest;
  /** Attempts of this job, the open one included. */
  attempts: number;
  /** Start of the open attempt, by the local clock, ms since 1970. */
  startedAtMs: number;
  /**
   * Time of the response that had the output of the open attempt, ms since 1970; null if none had.
   */
  respondedAtMs: number | null;
  /** Start of the wait for the open attempt, by the scheduler: when it began, or was resumed. */
  waitingSinceMs: number;
  /**
   * A create request that may have been sent, with the id of its prediction once known; null when
   * the attempt is over.
   */
  open: { predictionId: string | null } | null;
  /** The open attempt as the lookout knows it; null if this run has not sent or looked for it. */
  tracked: Attempt | null;
  /** Money reserved for the open attempt. */
  reservation: Reservation | null;
}

/** The money that a job has cost so far. */
interface PaidState {
  /** Paid for ended attempts. */
  paidMicroUsd: number;
  /** The rating of its image, which has an account of its own; null if there is none. */
  rating: Rating | null;
}

/**
 * The mutable state of one job: its attempts, the money reserved and paid for it, its newest
 * prediction.
 */
export interface JobState extends AttemptState, PaidState {
  readonly plan: Plan;
  /** The record of an earlier run; null once this run has resumed it. */
  earlier: JobRecord | null;
  /** Originals that an earlier run has downloaded, and files that it has refused and kept. */
  readonly earlierFiles: readonly ImageFile[];
  /** The prediction that those files are from; null if there is none. */
  readonly earlierPredictionId: string | null;
  /** Outputs of the newest prediction that could not be downloaded. */
  missing: readonly MissingOutput[];
  /** Originals of it that cannot be decoded, or of which a rendition cannot be made. */
  refused: readonly RefusedOriginal[];
  /** The job's newest prediction. */
  prediction: Prediction | null;
  /** True if that prediction was made for another job, in this run or an earlier one. */
  isCached: boolean;
  /** Time at which that prediction was stored in the cache, ISO 8601; null if it was not. */
  cachedAt: string | null;
  /** The stage that the job is in. */
  stage: FailureStage;
  /**
   * Turns left after this one. While there are some, a fault of the platform ends this turn instead
   * of leading to the next attempt or model.
   */
  readonly turnsLeft: number;
  /**
   * True once the job has left its place in the feed, because its create request was lost: then it
   * has no further turns, and its attempts follow one another.
   */
  isOutOfLine: boolean;
}

/**
 * Opens the state of a job from the record of an earlier run for the same request, and from its
 * previous turn in this run.
 */
export function openJob(plan: Plan, record: JobRecord | undefined, { postponed, turnsLeft }: Turn): JobState {
  const earlier = record !== undefined && record.key === plan.key ? record : null;
  return {
    plan,
    earlier,
    earlierFiles: earlier?.files ?? [],
    earlierPredictionId: earlier?.prediction?.id ?? null,
    missing: [],
    refused: [],
    request: plan,
    sent: earlier?.request ?? plan,
    attempts: earlier?.attempts ?? 0,
    startedAtMs: earlier?.intendedAtMs ?? 0,
    respondedAtMs: null,
    waitingSinceMs: 0,
    open: null,
    prediction: earlier?.prediction ?? null,
    tracked: postponed?.job.tracked ?? null,
    isCached: false,
    cachedAt: null,
    stage: 'creation',
    turnsLeft,
    isOutOfLine: false,
    reservation: postponed?.job.reservation ?? null,
    paidMicroUsd: earlier?.costMicroUsd ?? 0,
    rating: null,
  };
}

/** Returns a job's prediction as an item of the operators. Its money is the journey's affair. */
export function itemOf(
  prediction: Prediction,
  { plan, request, startedAtMs }: Pick<JobState, 'plan' | 'request' | 'startedAtMs'>,
  { answers }: { readonly answers: ProviderAnswers },
): Made {
  return { index: plan.index, request, reservation: null, prediction, sinceMs: startedAtMs, answers };
}

/**
 * Returns the test for files that a job may replace: its own of earlier attempts and runs, as
 * journal and manifest name them, and those that state its prediction. A run that was killed has
 * named those before the journal knew it; stated again, they may name another moment.
 */
export function mayReplace(
  job: Pick<JobState, 'plan' | 'earlierFiles' | 'prediction'>,
  { filesOf }: Required<Pick<Hooks, 'filesOf'>>,
): (path: string) => Promise<boolean> {
  const { plan, earlierFiles } = job;
  const own = earlierFiles.flatMap(({ path, untouched }) => [path, untouched?.path]);
  return async (path) =>
    own.includes(path) ||
    (await filesOf(plan)).includes(path) ||
    // Its prediction may be another one by then.
    (job.prediction !== null && statesPrediction(await readFile(path), job.prediction.id));
}

/** Returns the turns that the feed still has for a job that fails for now. */
export function turnsAhead({ turnsLeft, isOutOfLine }: JobState): number {
  return isOutOfLine ? 0 : turnsLeft;
}

/** Originals on disk, and the request that made them: the plan's, or a fallback's. */
export interface Originals extends FetchedOutput {
  readonly request: PricedRequest;
}

/**
 * Returns true if an earlier run left a prediction of the job, or a create request that may have
 * made one.
 */
export function mayHavePrediction({ predictionId, intendedAtMs }: JobRecord): boolean {
  return predictionId !== null || intendedAtMs !== null;
}

/**
 * Checks, before anything is paid, that the files of a job lie in the run folder, also if links are
 * followed. Emits `StorageError` if not: a run checks its folder when it opens it, so someone has
 * changed it since.
 */
export function expectPlace(
  { earlierFiles }: Pick<JobState, 'earlierFiles'>,
  { folder }: Pick<Outputs, 'folder'>,
): MonoTypeOperatorFunction<Plan> {
  return tap((plan) => {
    const own = [plan.path, `originals/${plan.path}`].map((path) => dirname(pathBelow(folder, path)));
    // A journal of your own may have its files elsewhere; that of a run folder refuses those.
    const earlier = earlierFiles
      .flatMap(({ path, untouched }) => [path, untouched?.path ?? path])
      .filter((path) => isBelow(folder, path));
    for (const path of new Set([...own, ...earlier])) {
      const target = outsideTarget(folder, path);
      if (target === null) continue;
      throw new StorageError(
        'ERR_FOLDER_CHANGED',
        `${path} does not lie in the run folder: a symbolic link leads to ${target}.`,
        { suggestion: 'Remove the link, and run the same command again.' },
      );
    }
  });
}
