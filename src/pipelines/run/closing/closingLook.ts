import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  endWith,
  from,
  ignoreElements,
  map,
  mergeMap,
  type Observable,
  of,
  tap,
} from 'rxjs';
import { StorageError } from '../../../errors.ts';
import { PAGE_SIZE } from '../../../operators/predictions/listedPredictions.ts';
import type { Prediction } from '../../../types.ts';
import { outcomeError } from '../../journey/outcomes.ts';
import type { OpenRun } from '../settings.ts';
import { correctJobs, withCorrection } from './correctJobs.ts';
import { type EarlierRuns, noteEarlierRuns } from './earlierAttempts.ts';
import type { RunEnd } from './results.ts';
import { settledPredictions } from './settledPredictions.ts';
import { addSurplus, leaveLook, MOST_HIDDEN, seeHidden, withSurplus } from './surplus.ts';

/** The parts of an open run that the closing look reads and corrects. */
type Looking = Pick<OpenRun, 'config' | 'provider' | 'manifest' | 'journal' | 'surplus'>;

/** Time before the run at which the list begins: clocks differ. */
const CLOCK_MARGIN_MS = 60_000;
/** Outcomes that are corrected at the same time, so that they share the flushes of the manifest. */
const CORRECTIONS = 16;

/**
 * Reads the list of predictions once at the end of a run, and corrects the outcomes whose times and
 * cost the service had not reported when it sent their output. Shows the same list to the counter
 * of surplus predictions, and adds its findings. Emits the end with the corrected totals.
 *
 *     all times known, nothing sent   (e|)        no request
 *     some unknown                    l--(e|)     a request for each hundred images of the run
 *     some still running              l--l--(e|)  and at most one more
 *
 * A run that the service or the disk has stopped does not look: the next one does. The same applies
 * if the list cannot be read, and a warning reports it; a disk that refuses becomes the fault of
 * the run.
 */
export function closingLook(end: RunEnd, run: Looking): Observable<RunEnd> {
  return from(noteEarlierRuns(end, run)).pipe(
    concatMap((earlier) =>
      end.fault === null ? lookIfNeeded(end, earlier, run) : of(leaveLook(end, earlier)),
    ),
    catchError((error: unknown) => of({ ...end, fault: end.fault ?? error })),
  );
}

/** Ends a run that sends no request: earlier runs' attempts stay left to the next look. */
export function keepLook(
  end: RunEnd,
  run: Pick<OpenRun, 'config' | 'journal' | 'surplus'>,
): Observable<RunEnd> {
  return from(noteEarlierRuns(end, run)).pipe(
    map((earlier) => {
      const { unlookedSinceMs } = earlier;
      return { ...withSurplus(end, earlier), ...(unlookedSinceMs !== null && { unlookedSinceMs }) };
    }),
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
  for await (const { predictionId, cached, index, createdAt } of manifest.unmeasured()) {
    if (predictionId === null) continue;
    const jobs = cached ? sharersOf : jobsOf;
    const known = jobs.get(predictionId);
    if (known === undefined) jobs.set(predictionId, [index]);
    else known.push(index);
    if (!cached) oldestMs = Math.min(oldestMs, Date.parse(createdAt ?? '') || oldestMs);
  }
  for (const [id, jobs] of jobsOf) {
    for (const sharer of sharersOf.get(id) ?? []) jobs.push(sharer);
  }
  return { jobsOf, oldestMs };
}

/** The jobs and attempts that a look is for. */
interface Wanted extends Unmeasured {
  readonly earlier: EarlierRuns;
}

function look(end: RunEnd, { jobsOf, oldestMs, earlier }: Wanted, run: Looking): Observable<RunEnd> {
  const { scheduler, random, emit = () => {} } = run.config;
  const { provider, surplus } = run;
  const { saved, failed } = end.totals;
  return defer(() => {
    let corrected = end;
    let isRead = true;
    let left = jobsOf.size;
    const unread = (error: unknown) => {
      isRead = false;
      emit({ type: 'warning', message: unreadText(left, error) });
      return EMPTY;
    };
    const hidden: string[] = [];
    const see = (prediction: Prediction) => {
      if (!surplus.see(prediction) && hidden.length < MOST_HIDDEN) hidden.push(prediction.id);
    };
    const settled = settledPredictions(provider, {
      ids: jobsOf.keys(),
      createdAfterMs: Math.min(end.startedAtMs, oldestMs, earlier.sinceMs) - CLOCK_MARGIN_MS,
      pages: Math.ceil((Math.max(jobsOf.size, saved + failed) + earlier.attempts) / PAGE_SIZE) + 1,
      ...(surplus.isNeeded() && { see }),
      ...(scheduler && { scheduler }),
      ...(random && { random }),
    }).pipe(
      tap(() => {
        left -= 1;
      }),
      // Corrections of predictions that were read before are in progress.
      catchError(unread),
      mergeMap((prediction) => correctJobs(jobsOf.get(prediction.id) ?? [], prediction, run), CORRECTIONS),
      tap((correction) => {
        corrected = withCorrection(corrected, correction);
      }),
      ignoreElements(),
    );
    return concat(
      settled,
      defer(() => seeHidden(hidden, run)),
    ).pipe(
      catchError((error: unknown) => {
        isRead = false;
        if (!(error instanceof StorageError)) return unread(error);
        corrected = { ...corrected, fault: error };
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
