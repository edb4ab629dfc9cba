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
import { fetchOriginals } from './fetchOriginals.ts';
import { type JobAccount, mayHavePrediction, type Obtained } from './job.ts';
import { makePrediction } from './makePrediction.ts';
import { outcomeError } from './outcomes.ts';
import type { Run } from './run.ts';

/**
 * Brings a job's originals to its place: from the cache, from an equal job that is under way, or by making and fetching
 * them. What an earlier run left open is taken up first in any case, because it may be paid already.
 */
export function obtainOriginals(account: JobAccount, run: Run): OperatorFunction<Plan, readonly ImageFile[]> {
  const mayBePaid = account.left !== null && mayHavePrediction(account.left);
  return (plans) =>
    plans.pipe(
      cachedBy<Plan, Obtained>({
        keyOf: ({ resultKey }) => resultKey ?? null,
        find: (key) => (mayBePaid ? of(null) : restored(key, account, run)),
        make: (plan) => make(plan, account, run),
        keep: (key, obtained) => keep(key, obtained, account, run),
        ...(mayBePaid ? {} : { flights: run.flights }),
      }),
      concatMap((cached) => takeOver(cached, account, run)),
    );
}

function make(plan: Plan, account: JobAccount, run: Run): Observable<Obtained> {
  const made = of(plan).pipe(
    makePrediction(account, run),
    fetchOriginals(account, run),
    map((output) => ({ ...output, request: account.request })),
  );
  return made.pipe(
    catchError((error: unknown) => {
      const isLost = error instanceof DownloadError && error.code === 'ERR_OUTPUT_GONE';
      return isLost && run.repay ? concat(bookLost(account, run), made) : throwError(() => error);
    }),
  );
}

/** Books what was paid for an output that nobody can have any more. */
function bookLost(account: JobAccount, run: Run): Observable<never> {
  const { prediction } = account;
  if (prediction === null) return EMPTY;
  account.prediction = null;
  return closeAttempt(prediction, account, run).pipe(ignoreElements());
}

function restored(key: string, account: JobAccount, run: Run): Observable<Obtained | null> {
  const { plan } = account;
  return run.cache.restore(key, { stem: stemOf(account, run) }).pipe(
    concatMap((output) => (output === null ? of(null) : withOwnProvenance(output, plan, run))),
    map((output) => (output === null ? null : { ...output, request: plan })),
  );
}

/** What was kept may say more of where it is from than this run is to say, or less. */
function withOwnProvenance(output: FetchedOutput, plan: Plan, run: Run): Observable<FetchedOutput> {
  if (run.provenanceWriters === null) return of(output);
  const embedProvenance = run.provenanceWriters(output.prediction, plan);
  return fromAbortable(() => embedInFiles(output.files, embedProvenance)).pipe(
    map((files) => ({ ...output, files })),
  );
}

/** Only what the plan itself asked for is its result. A cache that refuses costs later runs money, but not this one. */
function keep(key: string, obtained: Obtained, { plan }: JobAccount, run: Run): Observable<unknown> {
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
function takeOver(
  { result, origin }: Cached<Obtained>,
  account: JobAccount,
  run: Run,
): Observable<readonly ImageFile[]> {
  if (origin === 'made') return of(result.files);
  account.isCached = true;
  account.request = result.request;
  account.prediction = result.prediction;
  if (origin === 'kept') return of(result.files);
  return fromAbortable(() => copyFiles(result.files, stemOf(account, run))).pipe(
    concatMap((files) => (files === null ? throwError(() => vanished(account.plan)) : of(files))),
    gate(run.downloads),
  );
}

function stemOf({ plan }: JobAccount, run: Run): string {
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
