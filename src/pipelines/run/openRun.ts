import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { catchError, concatMap, defer, finalize, map, type Observable, throwError } from 'rxjs';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { pathBelow } from '../../disk/insideFolder.ts';
import type { Lease } from '../../disk/lease/holdLease.ts';
import { checkWritable, removeTemporaries } from '../../disk/writeFiles.ts';
import { StorageError, UsageError } from '../../errors.ts';
import { guardListener } from '../../events/observeRun.ts';
import type { Destination } from '../../ports.ts';
import { openThumbnails } from '../../sinks/gallery/thumbnails.ts';
import { openManifest } from '../../sinks/manifest/manifest.ts';
import type { RunJournal } from '../../store/entries.ts';
import { expectNoWayOut } from '../../store/folderFiles.ts';
import { openJournal } from '../../store/journal/journal.ts';
import { openResultCache } from '../../store/resultCache.ts';
import type { Plan } from '../../types.ts';
import { compareWitnesses } from './folder/compareWitnesses.ts';
import { type EnteredFolder, enterFolder, keepInput } from './folder/enterFolder.ts';
import { leaseFolder, underLease } from './folder/leaseFolder.ts';
import { finishMoves } from './matching/finishMoves.ts';
import { configOf, countRequests, priceFor } from './runConfig.ts';
import type { OpenRun, RunSettings } from './settings.ts';

/**
 * Opens a run folder for this process alone, with everything that a run needs. Removes the
 * unfinished files of a killed run. Rejects with `UsageError` if the folder is in use, belongs to
 * another run or service, has files of the user's, or cannot be written. An aborted `signal` ends
 * the wait for another run.
 */
export async function openRun(settings: RunSettings, signal?: AbortSignal): Promise<OpenRun> {
  try {
    return await openFolder(settings, signal);
  } catch (error) {
    // The run has not begun yet: a folder that cannot be written is a wrong choice, not an accident
    // of the run.
    if (!(error instanceof StorageError)) throw error;
    throw new UsageError(`Cannot write in the run folder: ${error.message}`, {
      suggestion: error.suggestion,
      cause: error,
    });
  }
}

/**
 * Opens the folder's parts one after the other; if one cannot be opened, those before it are closed
 * again.
 */
async function openFolder(settings: RunSettings, signal?: AbortSignal): Promise<OpenRun> {
  const closers = createClosers();
  try {
    const entered = await enterFolder(settings);
    const lease = await leaseFolder(settings, signal);
    closers.add(() => lease.release());
    closers.add(entered.restore);
    return await openParts(settings, closers, { ...entered, lease });
  } catch (error) {
    // The first error is the one that counts.
    await closers.close().catch(() => {});
    throw error;
  }
}

/** A folder that this process alone has entered. */
interface Entered extends EnteredFolder {
  readonly lease: Lease;
}

async function openParts(
  settings: RunSettings,
  closers: Closers,
  { service, lease }: Entered,
): Promise<OpenRun> {
  const { folder, fixedInput, resumeAnyway, tables = [] } = settings;
  const { only = () => true, gallery = true, emit = () => {} } = settings;
  const { provider, count } = countRequests(settings.provider);
  const conditions = { service, fixedInput, resumeAnyway };
  const journal = underLease(openJournal(folder, conditions), lease);
  closers.add(() => journal.close());
  const ratings = openRatings(settings, { service, lease });
  closers.add(() => ratings?.close());
  await removeTemporaries(folder, (link) => expectNoWayOut(folder, link));
  // A folder may allow writing existing files but not creating new ones.
  await checkWritable(folder);
  await keepInput(settings);
  const thumbnails = gallery ? await openThumbnails(folder) : null;
  const cache =
    settings.cacheFolder === undefined
      ? null
      : await openResultCache(settings.cacheFolder, { ...settings, service });
  await finishMoves(folder, journal);
  const manifest = await openManifest(folder);
  closers.add(() => manifest.close());
  await compareWitnesses({ folder, journal, manifest, emit: guardListener(emit) });
  const destinations: Destination[] = [];
  closers.add(() => closeAll(destinations));
  for (const open of settings.destinations ?? []) destinations.push(await open(folder));
  const config = configOf(settings, { provider, journal, ratings, manifest, thumbnails });
  let reopened: ReadonlyMap<number, string | null> = new Map();
  // A power cut may take lines of the manifest that the journal, which is flushed, still knows.
  const wasSaved = (index: number) => journal.isSaved(index) && manifest.has(index) && !reopened.has(index);
  let isMatched = false;
  const isSaved = ({ index, key }: Plan) =>
    wasSaved(index) && (isMatched || journal.find(index)?.key === key);
  return {
    config: {
      ...config,
      service,
      ...(cache === null ? {} : { cache }),
      destinations,
      isDone: (plan) => !only(plan.index) || isSaved(plan),
      filesOf: async ({ index, key }) => {
        const outcome = await manifest.find(index);
        return outcome?.key === key ? outcome.files.map(({ path }) => pathBelow(folder, path)) : [];
      },
      isPaidBefore: ({ index, predictionId }) => reopened.get(index) === predictionId,
    },
    provider,
    journal,
    ratings,
    manifest,
    requests: count,
    surplus: config.lookout.surplus,
    thumbnails,
    tables,
    isSaved,
    wasSaved,
    reopen: (jobs) => {
      reopened = jobs;
    },
    trustIndexes: () => {
      isMatched = true;
    },
    isChosen: only,
    describePrice: (model) => provider.answers.describePrice(model, priceFor(model, settings)),
    close: closers.close,
  };
}

/** Closes all destinations at once; rejects with the error of the first that cannot be closed. */
async function closeAll(destinations: readonly Destination[]): Promise<void> {
  const ends = await Promise.allSettled(destinations.map(async (destination) => destination.close()));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

/**
 * The parts that are open. `close` closes them all, the last opened first, and may be called again.
 */
interface Closers {
  add(close: () => void | Promise<void>): void;
  /**
   * Closes all parts, also after an error. Rejects with the last error, that of the part opened
   * first: the journal's advice on a lost folder counts more than that of a destination in it.
   */
  close(): Promise<void>;
}

function createClosers(): Closers {
  const open: (() => void | Promise<void>)[] = [];
  let closing: Promise<void> | undefined;
  const closeEach = async () => {
    const errors: unknown[] = [];
    for (const close of open.toReversed()) {
      try {
        await close();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors.at(-1);
  };
  return {
    add: (close) => {
      open.push(close);
    },
    close: () => {
      closing ??= closeEach();
      return closing;
    },
  };
}

/**
 * Opens the journal of ratings if there is one: their cost counts in the budget, also in a run that
 * makes no ratings.
 */
function openRatings(
  {
    folder,
    scorer,
    ratings = typeof scorer === 'object',
  }: Pick<RunSettings, 'folder' | 'ratings' | 'scorer'>,
  { service, lease }: Pick<Entered, 'service' | 'lease'>,
): RunJournal | null {
  const ratingsFolder = join(folder, '.ratings');
  if (!ratings && !existsSync(ratingsFolder)) return null;
  return underLease(openJournal(ratingsFolder, { service }), lease);
}

/**
 * Opens a run folder for `work`, which emits once, and closes the folder before it emits the
 * result. Emits `UsageError` or `StorageError` if the folder cannot be used.
 */
export function inOpenRun<T>(settings: RunSettings, work: (run: OpenRun) => Observable<T>): Observable<T> {
  return fromAbortable((signal) => openRun(settings, signal)).pipe(
    concatMap((run) => {
      // Closing is a stage, so that the folder is free when the result is emitted; teardown serves
      // early unsubscribers.
      const closed = defer(() => run.close());
      return defer(() => work(run)).pipe(
        concatMap((end) => closed.pipe(map(() => end))),
        catchError((error: unknown) => closed.pipe(concatMap(() => throwError(() => error)))),
        // After an unsubscribe, no subscriber is left to receive an error.
        finalize(() => void run.close().catch(() => {})),
      );
    }),
  );
}
