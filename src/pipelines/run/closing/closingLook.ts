import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  endWith,
  from,
  ignoreElements,
  mergeMap,
  type Observable,
  of,
  tap,
} from 'rxjs';
import { toMicroUsd } from '../../../base/text.ts';
import { StorageError } from '../../../errors.ts';
import { PAGE_SIZE } from '../../../operators/predictions/listedPredictions.ts';
import { addUsd, withCost } from '../../../operators/stages/tally.ts';
import type { Outcome, Plan, Prediction } from '../../../types.ts';
import { outcomeError } from '../../journey/outcomes.ts';
import { stemOf } from '../matching/jobFiles.ts';
import { overrideAnswers } from '../runConfig.ts';
import type { OpenRun } from '../settings.ts';
import { type EarlierRuns, noteEarlierRuns } from './earlierAttempts.ts';
import type { RunEnd } from './results.ts';
import { settledPredictions } from './settledPredictions.ts';
import { addSurplus, leaveLook, withSurplus } from './surplus.ts';

/** The parts of an open run that the closing look reads and corrects. */
type Looking = Pick<OpenRun, 'config' | 'manifest' | 'journal' | 'surplus'>;

/** Time before the run at which the list begins: clocks differ. */
const CLOCK_MARGIN_MS = 60_000;
/** Outcomes that are corrected at the same time, so that they share the flushes of the manifest. */
const CORRECTIONS = 16;

/**
 * Reads the list of predictions once at the end of a run, and corrects the outcomes whose times and
 * cost the service had not reported when it sent their output. Shows the same list to the counter
 * of surplus predictions, and adds what that finds. Emits the end with the corrected totals.
 *
 *     all times known, nothing sent   (e|)        no request
 *     some unknown                    l--(e|)     a request for each hundred images of the run
 *     some still running              l--l--(e|)  and at most one more
 *
 * A run that the service or the disk has stopped does not look: the next one does. So it is if the
 * list cannot be read, and a warning says so; a disk that refuses becomes the fault of the run.
 */
export function closingLook(end: RunEnd, run: Looking): Observable<RunEnd> {
  return from(noteEarlierRuns(end, run)).pipe(
    concatMap((earlier) =>
      end.fault === null ? lookIfNeeded(end, earlier, run) : of(leaveLook(end, earlier)),
    ),
    catchError((error: unknown) => of({ ...end, fault: end.fault ?? error })),
  );
}

function lookIfNeeded(end: RunEnd, earlier: EarlierRuns, run: Looking): Observable<RunEnd> {
  return from(findUnmeasured(run)).pipe(
    concatMap((unmeasured) => {
      if (unmeasured.jobsOf.size === 0 && !run.surplus.isNeeded()) return of(withSurplus(end, earlier));
      return look(end, { ...unmeasured, earlier }, run);
    }),
  );
}

/** The jobs whose times the service has not reported. */
interface Unmeasured {
  /** Indexes of the jobs with the output of a prediction, by its id. */
  readonly jobsOf: ReadonlyMap<string, readonly number[]>;
  /** When the oldest of these predictions was created, ms since 1970; Infinity if there is none. */
  readonly oldestMs: number;
}

/**
 * Finds the outcomes whose output came before the end of its prediction; jobs that share the result
 * of one of them come with it.
 */
async function findUnmeasured({ manifest }: Pick<OpenRun, 'manifest'>): Promise<Unmeasured> {
  const jobsOf = new Map<string, number[]>();
  const sharersOf = new Map<string, number[]>();
  let oldestMs = Number.POSITIVE_INFINITY;
  for await (const outcome of manifest.outcomes()) {
    const { predictionId, cached, index, createdAt } = outcome;
    if (predictionId === null || isMeasured(outcome)) continue;
    const jobs = cached ? sharersOf : jobsOf;
    jobs.set(predictionId, [...(jobs.get(predictionId) ?? []), index]);
    if (!cached) oldestMs = Math.min(oldestMs, Date.parse(createdAt ?? '') || oldestMs);
  }
  for (const [id, jobs] of jobsOf) jobs.push(...(sharersOf.get(id) ?? []));
  return { jobsOf, oldestMs };
}

/** Returns true if the service named an end or a run time: then it has no more to say. */
function isMeasured({ status, metrics, completedAt, estimatedUsd }: Outcome): boolean {
  const hasOutput = status === 'saved' || estimatedUsd !== undefined;
  return !hasOutput || completedAt !== null || typeof metrics.predict_time === 'number';
}

/** What a look is for. */
interface Wanted extends Unmeasured {
  readonly earlier: EarlierRuns;
}

function look(end: RunEnd, { jobsOf, oldestMs, earlier }: Wanted, run: Looking): Observable<RunEnd> {
  const { provider, scheduler, random, emit = () => {} } = run.config;
  const { surplus } = run;
  const { saved, failed } = end.totals;
  return defer(() => {
    let corrected = end;
    let isRead = true;
    let unread = jobsOf.size;
    return settledPredictions(provider, {
      ids: jobsOf.keys(),
      createdAfterMs: Math.min(end.startedAtMs, oldestMs, earlier.sinceMs) - CLOCK_MARGIN_MS,
      pages: Math.ceil((Math.max(jobsOf.size, saved + failed) + earlier.attempts) / PAGE_SIZE) + 1,
      ...(surplus.isNeeded() && { see: surplus.see }),
      ...(scheduler && { scheduler }),
      ...(random && { random }),
    }).pipe(
      tap(() => {
        unread -= 1;
      }),
      mergeMap((prediction) => correctJobs(jobsOf.get(prediction.id) ?? [], prediction, run), CORRECTIONS),
      tap((correction) => {
        corrected = withCorrection(corrected, correction);
      }),
      ignoreElements(),
      catchError((error: unknown) => {
        isRead = false;
        if (error instanceof StorageError) corrected = { ...corrected, fault: error };
        else emit({ type: 'warning', message: unreadText(unread, error) });
        return EMPTY;
      }),
      endWith(null),
      concatMap(() => (isRead ? addSurplus(corrected, earlier, run) : of(leaveLook(corrected, earlier)))),
    );
  });
}

function unreadText(jobs: number, error: unknown): string {
  const { message } = outcomeError(error);
  if (jobs === 0) {
    return `The list of predictions could not be read, so predictions that were made twice are not counted: ${message}`;
  }
  const what = jobs === 1 ? 'The run time of 1 image' : `The run times of ${jobs} images`;
  return `${what} could not be read from the list of predictions: ${message}`;
}

/** An outcome that was corrected. */
interface Correction {
  readonly outcome: Outcome;
  /** What it cost more than was booked; negative if it cost less. */
  readonly costChangeUsd: number;
  /** The estimate that its cost replaces; 0 if it was none. */
  readonly estimateUsd: number;
}

/** Corrects the outcomes of a prediction, in journal, manifest and sidecar, and reports them. */
function correctJobs(
  indexes: readonly number[],
  prediction: Prediction,
  run: Looking,
): Observable<Correction> {
  const { persist = () => EMPTY, emit = () => {} } = run.config;
  return from(indexes).pipe(
    concatMap((index) => run.manifest.find(index)),
    concatMap((outcome) => {
      if (outcome?.predictionId !== prediction.id) return EMPTY;
      const correction = correct(outcome, prediction, run);
      return concat(
        // The money first: it must not be lost if the process is killed between the two.
        correction.costChangeUsd === 0 ? EMPTY : book(correction.outcome, run).pipe(ignoreElements()),
        persist(correction.outcome).pipe(ignoreElements()),
        defer(() => {
          emit(measured(correction));
          return of(correction);
        }),
      );
    }),
  );
}

function correct(outcome: Outcome, prediction: Prediction, { config }: Pick<OpenRun, 'config'>): Correction {
  const { estimatedUsd = 0, ...known } = outcome;
  const { own_wall_time: _own, ...metrics } = outcome.metrics;
  const isTimed = typeof prediction.metrics.predict_time === 'number';
  const timed = {
    ...known,
    metrics: { ...(isTimed ? metrics : outcome.metrics), ...prediction.metrics },
    createdAt: prediction.createdAt ?? outcome.createdAt,
    completedAt: prediction.completedAt ?? outcome.completedAt,
  };
  const { costOf } = overrideAnswers(config.provider.answers, config.answers);
  const exactMicroUsd = estimatedUsd === 0 ? null : costOf(prediction);
  if (exactMicroUsd === null || outcome.costUsd === null) {
    const unchanged = estimatedUsd === 0 ? timed : { ...timed, estimatedUsd };
    return { outcome: unchanged, costChangeUsd: 0, estimateUsd: 0 };
  }
  const costChangeUsd = (exactMicroUsd - toMicroUsd(estimatedUsd)) / 1_000_000;
  const costUsd = addUsd(outcome.costUsd, costChangeUsd);
  return { outcome: { ...timed, costUsd }, costChangeUsd, estimateUsd: estimatedUsd };
}

/** Books the exact cost of a job in the journal; ratings have a journal of their own. */
function book(outcome: Outcome, { journal }: Pick<OpenRun, 'journal'>): Observable<void> {
  const { scoreCostUsd: ratingUsd = 0 } = outcome.metrics;
  const ownUsd = addUsd(outcome.costUsd ?? 0, -Number(ratingUsd));
  return journal.record(planOf(outcome), { type: 'outcome', outcome: { ...outcome, costUsd: ownUsd } });
}

/** Returns the plan of a job that has its outcome, for its journal entry. */
function planOf(outcome: Outcome): Plan {
  const { index, key, prompt, model, version, input, tags } = outcome;
  const path = stemOf(outcome) ?? '';
  return { index, key, prompt, model, version, input, tags, path, renditions: [], priceMicroUsd: null };
}

function measured({ outcome, costChangeUsd, estimateUsd }: Correction) {
  const { index, model, cached, metrics, completedAt, costUsd } = outcome;
  const type = 'job.measured' as const;
  return { type, index, model, cached, metrics, completedAt, costUsd, costChangeUsd, estimateUsd };
}

function withCorrection(end: RunEnd, { costChangeUsd, estimateUsd }: Correction): RunEnd {
  const { costUsd, estimatedUsd = 0, unpricedJobs = 0 } = end.totals;
  const cost = {
    costUsd: addUsd(costUsd, costChangeUsd),
    estimatedUsd: Math.max(0, addUsd(estimatedUsd, -estimateUsd)),
    unpricedJobs,
  };
  return { ...end, totals: withCost(end.totals, cost) };
}
