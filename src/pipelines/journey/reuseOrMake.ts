import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  catchError,
  concat,
  concatMap,
  EMPTY,
  ignoreElements,
  map,
  type Observable,
  type OperatorFunction,
  of,
  throwError,
} from 'rxjs';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { copyFiles } from '../../disk/copyFiles.ts';
import { toStorageError } from '../../disk/storageError.ts';
import { writeAtomically } from '../../disk/writeFiles.ts';
import { DownloadError } from '../../errors.ts';
import { type Cached, cachedBy } from '../../operators/cachedBy.ts';
import { gate } from '../../operators/gate.ts';
import type { ProvenanceWriter } from '../../ports.ts';
import type { FetchedOutput, ImageFile, Plan } from '../../types.ts';
import { closeAttempt } from './beginAttempt.ts';
import { type JobState, mayHavePrediction, type Originals } from './job.ts';
import { outcomeError } from './outcomes.ts';
import type { RunHooks, RunLimits, RunOutputs, RunRecovery, RunServices, Shared } from './run.ts';

/** What reusing results reads of its run. */
type Reusing = Pick<RunServices, 'cache' | 'journal' | 'answers'> &
  Pick<Shared, 'flights'> &
  Pick<RunLimits, 'downloads'> &
  Pick<RunOutputs, 'folder' | 'provenanceWriters'> &
  Pick<RunRecovery, 'repay'> &
  Pick<RunHooks, 'emit'>;

/** Makes and downloads the originals of a plan; emits them once. */
type MakeOriginals = (plan: Plan) => Observable<FetchedOutput>;

/**
 * Emits a job's originals, on disk: from the cache, copied from an identical job in flight, or made by `make`. If an
 * earlier run left something open, that is resumed first in any case, because it may be paid already.
 */
export function reuseOrMake(
  job: JobState,
  run: Reusing,
  make: MakeOriginals,
): OperatorFunction<Plan, readonly ImageFile[]> {
  const mayBePaid = job.earlier !== null && mayHavePrediction(job.earlier);
  return (plans) =>
    plans.pipe(
      cachedBy<Plan, Originals>({
        keyOf: ({ resultKey }) => resultKey ?? null,
        find: (key) => (mayBePaid ? of(null) : restored(key, job, run)),
        make: (plan) => makeOrRepay(make(plan), job, run),
        keep: (key, obtained) => keep(key, obtained, job, run),
        ...(mayBePaid ? {} : { flights: run.flights }),
      }),
      concatMap((cached) => useSharedResult(cached, job, run)),
    );
}

/** Makes an image once more, under `repay`, if the output that it was paid for is lost. */
function makeOrRepay(made: Observable<FetchedOutput>, job: JobState, run: Reusing): Observable<Originals> {
  return made.pipe(
    catchError((error: unknown) => {
      const isLost = error instanceof DownloadError && error.code === 'ERR_OUTPUT_GONE';
      return isLost && run.repay ? concat(bookLost(job, run), made) : throwError(() => error);
    }),
    map((output) => ({ ...output, request: job.request })),
  );
}

/** Books what was paid for an output that nobody can have any more. */
function bookLost(job: JobState, run: Reusing): Observable<never> {
  const { prediction } = job;
  if (prediction === null) return EMPTY;
  job.prediction = null;
  return closeAttempt(prediction, job, run).pipe(ignoreElements());
}

function restored(key: string, job: JobState, run: Reusing): Observable<Originals | null> {
  const { plan } = job;
  return run.cache.restore(key, { stem: stemOf(job, run) }).pipe(
    concatMap((output) => (output === null ? of(null) : withOwnProvenance(output, plan, run))),
    map((output) => (output === null ? null : { ...output, request: plan })),
  );
}

/** What was kept may say more of where it is from than this run is to say, or less. */
function withOwnProvenance(output: FetchedOutput, plan: Plan, run: Reusing): Observable<FetchedOutput> {
  if (run.provenanceWriters === null) return of(output);
  const embedProvenance = run.provenanceWriters(output.prediction, plan);
  return fromAbortable(() => embedInFiles(output.files, embedProvenance)).pipe(
    map((files) => ({ ...output, files })),
  );
}

/** Only what the plan itself asked for is its result. A cache that refuses costs later runs money, but not this one. */
function keep(key: string, obtained: Originals, { plan }: JobState, run: Reusing): Observable<unknown> {
  if (obtained.request !== plan) return EMPTY;
  return run.cache.keep(key, obtained).pipe(
    catchError((error: unknown) => {
      const { message } = outcomeError(error);
      run.emit({
        type: 'warning',
        message: `Result #${plan.index + 1} was not kept in the cache: ${message}`,
      });
      return EMPTY;
    }),
  );
}

/** Notes where the originals are from; those of another job are copied to this one's place. */
function useSharedResult(
  { result, origin }: Cached<Originals>,
  job: JobState,
  run: Reusing,
): Observable<readonly ImageFile[]> {
  if (origin === 'made') return of(result.files);
  job.isCached = true;
  job.request = result.request;
  job.prediction = result.prediction;
  if (origin === 'kept') return of(result.files);
  return fromAbortable(() => copyFiles(result.files, stemOf(job, run))).pipe(
    concatMap((files) => (files === null ? throwError(() => vanished(job.plan)) : of(files))),
    gate(run.downloads),
  );
}

function stemOf({ plan }: JobState, run: Reusing): string {
  return join(run.folder, plan.path);
}

function vanished(plan: Plan): DownloadError {
  return new DownloadError(
    'ERR_OUTPUT_GONE',
    `Expected the picture of an equal job to copy for image #${plan.index + 1}, but it is gone or changed.`,
    { recoverable: true, suggestion: 'Run the same command again.' },
  );
}

/** Marks pictures in their places. Rejects with `StorageError` where the disk refuses; then each is the old or the new one. */
async function embedInFiles(
  files: readonly ImageFile[],
  embedProvenance: ProvenanceWriter,
): Promise<readonly ImageFile[]> {
  const marked: ImageFile[] = [];
  for (const file of files)
    marked.push(file.widthPx === null ? file : await embedInFile(file, embedProvenance));
  return marked;
}

async function embedInFile(file: ImageFile, embedProvenance: ProvenanceWriter): Promise<ImageFile> {
  const before = await readFile(file.path).catch((error: unknown) => {
    throw toStorageError(error, file.path);
  });
  const after = await embedProvenance(before, file.format);
  if (after.equals(before)) return file;
  await writeAtomically(file.path, after);
  return { ...file, bytes: after.length, sha256: createHash('sha256').update(after).digest('hex') };
}
