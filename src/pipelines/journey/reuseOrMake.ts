import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  finalize,
  ignoreElements,
  map,
  type Observable,
  type OperatorFunction,
  of,
  takeUntil,
  throwError,
} from 'rxjs';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { copyFiles } from '../../disk/copyFiles.ts';
import { pathBelow } from '../../disk/insideFolder.ts';
import { DownloadError } from '../../errors.ts';
import { type Cached, cachedBy } from '../../operators/cachedBy.ts';
import { gate } from '../../operators/gate.ts';
import type { FetchedOutput, ImageFile, OutcomeError, Plan } from '../../types.ts';
import { closeAttempt } from './attempt/beginAttempt.ts';
import { reserveOpen } from './attempt/resumeAttempt.ts';
import { embedInFiles } from './embedInFiles.ts';
import { type JobState, mayHavePrediction, mayReplace, type Originals } from './job.ts';
import { outcomeError } from './outcomes.ts';
import type {
  RunControl,
  RunHooks,
  RunLimits,
  RunOutputs,
  RunRecovery,
  RunServices,
  Shared,
  Stateful,
} from './run.ts';

/** The groups of a run that reusing results reads. */
type Reusing = Restoring &
  Repaying &
  Storing &
  Leasing &
  Sharing &
  Pick<RunServices, 'ledger'> &
  Pick<Shared, 'flights'>;

/** The groups of a run that restoring a result from the cache reads. */
type Restoring = Pick<RunServices, 'cache'> &
  Pick<RunHooks, 'filesOf'> &
  Pick<RunOutputs, 'folder' | 'provenanceWriters'>;

/** The groups of a run that booking a lost output reads. */
type Booking = Pick<RunServices, 'answers' | 'journal'>;

/** The groups of a run that making an image once more reads. */
type Repaying = Booking & Pick<RunRecovery, 'repay'>;

/** The groups of a run that storing a result in the cache reads. */
type Storing = Pick<RunServices, 'cache'> & Pick<RunHooks, 'emit'>;

/** The groups of a run that making a result alone reads. */
type Leasing = Storing & Pick<RunControl, 'stop'> & Stateful;

/** The groups of a run that using the result of another job reads. */
type Sharing = Pick<RunServices, 'lookout'> &
  Pick<RunLimits, 'downloads'> &
  Pick<RunHooks, 'filesOf'> &
  Pick<RunOutputs, 'folder'>;

/** Makes and downloads the originals of a plan; emits them once. */
type MakeOriginals = (plan: Plan) => Observable<FetchedOutput>;

/**
 * Emits a job's originals, on disk: from the cache, copied from an identical job in flight, or made
 * by `make`. If an earlier run left something open, that is resumed first in any case, because it
 * may be paid already.
 */
export function reuseOrMake(
  job: JobState,
  run: Reusing,
  make: MakeOriginals,
): OperatorFunction<Plan, readonly ImageFile[]> {
  const mayBePaid = job.earlier !== null && mayHavePrediction(job.earlier);
  // Now: the lease of the result takes a while, and jobs that follow would get the money.
  reserveOpen(job, run);
  return (plans) =>
    plans.pipe(
      cachedBy<Plan, Originals>({
        keyOf: ({ resultKey }) => resultKey ?? null,
        find: (key) => (mayBePaid ? of(null) : restore(key, job, run)),
        make: (plan) => makeOrRepay(make(plan), job, run),
        keep: (key, obtained) => store(key, obtained, job, run),
        alone: (key, _plan, making) => makeAlone(making, { key, isUrgent: mayBePaid }, job, run),
        ...(mayBePaid ? {} : { flights: run.flights }),
      }),
      concatMap((cached) => useSharedResult(cached, job, run)),
    );
}

/**
 * Makes a result that another process may want too: waits, without a slot, as long as that process
 * makes it. A stop of the run ends the wait. Urgent work, which an earlier run has begun, does not
 * wait. If the cache cannot exclude other processes, that is a warning.
 */
function makeAlone<T>(
  make: Observable<T>,
  { key, isUrgent }: { readonly key: string; readonly isUrgent: boolean },
  { plan }: JobState,
  run: Leasing,
): Observable<T> {
  const { index, prompt } = plan;
  const onWait = (holder: string) => run.emit({ type: 'job.waiting', index, prompt, holder });
  const lease = defer(() => run.cache.lease?.(key, { isUrgent, onWait }) ?? of(null)).pipe(
    catchError((error: unknown) => {
      const { message } = outcomeError(error);
      run.emit({ type: 'warning', message: `Another run may make result #${index + 1}, too: ${message}` });
      return of(null);
    }),
  );
  const untilStopped = defer(() => (run.state.isStopped ? EMPTY : lease.pipe(takeUntil(run.stop))));
  return (isUrgent ? lease : untilStopped).pipe(
    concatMap((held) => make.pipe(finalize(() => held?.release()))),
  );
}

/**
 * Makes an image once more, under `repay`, if its output was paid for and is lost, if only in part.
 */
function makeOrRepay(made: Observable<FetchedOutput>, job: JobState, run: Repaying): Observable<Originals> {
  const isLost = ({ code }: Pick<OutcomeError, 'code'>) => run.repay && code === 'ERR_OUTPUT_GONE';
  return made.pipe(
    map((output) => (output.missing?.some(({ error }) => isLost(error)) === true ? null : output)),
    catchError((error: unknown) =>
      error instanceof DownloadError && isLost(error) ? of(null) : throwError(() => error),
    ),
    concatMap((output) => (output === null ? concat(bookLost(job, run), made) : of(output))),
    map((output) => ({ ...output, request: job.request })),
  );
}

/** Books the cost of an output that is lost. */
function bookLost(job: JobState, run: Booking): Observable<never> {
  const { prediction } = job;
  if (prediction === null) return EMPTY;
  job.prediction = null;
  return closeAttempt(prediction, job, run).pipe(ignoreElements());
}

/**
 * Emits the originals of a result in the cache, copied into the run folder; null if there is none.
 */
function restore(key: string, job: JobState, run: Restoring): Observable<Originals | null> {
  const { plan } = job;
  return run.cache.restore(key, { stem: stemOf(job, run), mayReplace: mayReplace(job, run) }).pipe(
    concatMap((output) => (output === null ? of(null) : withOwnProvenance(output, plan, run))),
    map((output) => (output === null ? null : { ...output, request: plan })),
  );
}

/**
 * Embeds this run's provenance: a file from the cache may carry more, or less, than this run asks
 * for.
 */
function withOwnProvenance(
  output: FetchedOutput,
  plan: Plan,
  run: Pick<RunOutputs, 'provenanceWriters'>,
): Observable<FetchedOutput> {
  if (run.provenanceWriters === null) return of(output);
  const embedProvenance = run.provenanceWriters(output.prediction, plan);
  return fromAbortable(() => embedInFiles(output.files, embedProvenance)).pipe(
    map((files) => ({ ...output, files })),
  );
}

/**
 * Stores originals in the cache, unless a fallback made them or some are missing. A cache that
 * refuses them is a warning: it costs later runs money, but not this one.
 */
function store(key: string, obtained: Originals, { plan }: JobState, run: Storing): Observable<unknown> {
  if (obtained.request !== plan || obtained.missing !== undefined) return EMPTY;
  return run.cache.keep(key, obtained).pipe(
    catchError((error: unknown) => {
      const { message } = outcomeError(error);
      run.emit({
        type: 'warning',
        message: `Result #${plan.index + 1} could not be stored in the cache: ${message}`,
      });
      return EMPTY;
    }),
  );
}

/** Notes the origin of the originals; copies those of another job to this job's path. */
function useSharedResult(
  { result, origin }: Cached<Originals>,
  job: JobState,
  run: Sharing,
): Observable<readonly ImageFile[]> {
  if (origin === 'made') return of(result.files);
  if (result.missing !== undefined) return throwError(() => copyIncomplete(job.plan));
  job.isCached = true;
  job.cachedAt = result.cachedAt ?? null;
  job.request = result.request;
  job.prediction = result.prediction;
  // A job has it, here or in another run: no lost request has made it.
  run.lookout.claims.know([result.prediction.id]);
  if (origin === 'kept') return of(result.files);
  job.stage = 'download';
  return fromAbortable(() => copyFiles(result.files, stemOf(job, run), mayReplace(job, run))).pipe(
    concatMap((files) => (files === null ? throwError(() => copyGone(job.plan)) : of(files))),
    gate(run.downloads),
  );
}

function stemOf({ plan }: JobState, run: Pick<RunOutputs, 'folder'>): string {
  return pathBelow(run.folder, plan.path);
}

function copyGone(plan: Plan): DownloadError {
  return new DownloadError(
    'ERR_OUTPUT_GONE',
    `Image #${plan.index + 1} could not be copied from that of an identical job, which is gone or has changed.`,
    { recoverable: true, suggestion: 'Run the same command again.' },
  );
}

function copyIncomplete(plan: Plan): DownloadError {
  return new DownloadError(
    'ERR_INCOMPLETE',
    `Image #${plan.index + 1} could not be copied from that of an identical job, which is incomplete.`,
    { recoverable: true, suggestion: 'Run the same command again, once that job is complete.' },
  );
}
