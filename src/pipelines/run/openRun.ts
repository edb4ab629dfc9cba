import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { catchError, concatMap, defer, finalize, map, type Observable, throwError } from 'rxjs';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { checkWritable, removeTemporaries } from '../../disk/writeFiles.ts';
import { StorageError, UsageError } from '../../errors.ts';
import type { Destination } from '../../ports.ts';
import { openThumbnails } from '../../sinks/gallery/thumbnails.ts';
import { type Manifest, openManifest } from '../../sinks/manifest/manifest.ts';
import type { RunJournal } from '../../store/entries.ts';
import { openJournal } from '../../store/journal.ts';
import { openResultCache } from '../../store/resultCache.ts';
import type { Plan } from '../../types.ts';
import { enterFolder, keepInput } from './enterFolder.ts';
import { configOf, countRequests } from './runConfig.ts';
import type { OpenRun, RunSettings } from './settings.ts';

/**
 * Opens a run folder for this process alone, with everything that a run needs. Removes the
 * unfinished files of a killed run. Rejects with `UsageError` if the folder is in use, belongs to
 * another run or service, has files of the user's, or cannot be written.
 */
export async function openRun(settings: RunSettings): Promise<OpenRun> {
  try {
    return await openFolder(settings);
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
async function openFolder(settings: RunSettings): Promise<OpenRun> {
  const closers = createClosers();
  try {
    return await openParts(settings, closers);
  } catch (error) {
    // The first error is the one that counts.
    await closers.close().catch(() => {});
    throw error;
  }
}

async function openParts(settings: RunSettings, closers: Closers): Promise<OpenRun> {
  const { folder, fingerprint, extendedFrom, resumeAnyway, priceMicroUsd, tables = [] } = settings;
  const { only = () => true, gallery = true } = settings;
  const { provider, count } = countRequests(settings.provider);
  const { service, restore } = await enterFolder(settings);
  closers.add(restore);
  const journal = openJournal(folder, { fingerprint, extendedFrom, resumeAnyway, service });
  closers.add(() => journal.close());
  const ratings = openRatings(settings, service);
  closers.add(() => ratings?.close());
  await removeTemporaries(folder);
  // A folder may allow writing existing files but not creating new ones.
  await checkWritable(folder);
  await keepInput(settings);
  const thumbnails = gallery ? await openThumbnails(folder) : null;
  const cache =
    settings.cacheFolder === undefined ? null : await openResultCache(settings.cacheFolder, service);
  const manifest = await openManifest(folder);
  closers.add(() => manifest.close());
  await checkJournalMatchesManifest(manifest, journal, folder);
  const destinations: Destination[] = [];
  closers.add(() => closeAll(destinations));
  for (const open of settings.destinations ?? []) destinations.push(await open(folder));
  let reopened: ReadonlyMap<number, string | null> = new Map();
  // A power cut may take lines of the manifest that the journal, which is flushed, still knows.
  const wasSaved = (index: number) => journal.isSaved(index) && manifest.has(index) && !reopened.has(index);
  const isSaved = ({ index, key, files }: Plan) =>
    wasSaved(index) &&
    // Files may change while the input that names them stays the same.
    ((!journal.inputChanged && files === undefined) || journal.find(index)?.key === key);
  return {
    config: {
      ...configOf(settings, { provider, journal, ratings, manifest, thumbnails }),
      service,
      ...(cache === null ? {} : { cache }),
      destinations,
      isDone: (plan) => !only(plan.index) || isSaved(plan),
      filesOf: async ({ index, key }) => {
        const outcome = await manifest.find(index);
        return outcome?.key === key ? outcome.files.map(({ path }) => join(folder, path)) : [];
      },
      isPaidBefore: ({ index, predictionId }) => reopened.get(index) === predictionId,
    },
    journal,
    ratings,
    manifest,
    requests: count,
    thumbnails,
    tables,
    isSaved,
    wasSaved,
    reopen: (jobs) => {
      reopened = jobs;
    },
    isChosen: only,
    describePrice: (model) => provider.answers.describePrice(model, priceMicroUsd),
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
  { folder, ratings = false }: Pick<RunSettings, 'folder' | 'ratings'>,
  service: string | null,
): RunJournal | null {
  const ratingsFolder = join(folder, '.ratings');
  return ratings || existsSync(ratingsFolder) ? openJournal(ratingsFolder, { service }) : null;
}

/**
 * Checks that the journal belongs to the manifest: a new journal beside outcomes of earlier runs
 * means that `run.sqlite` was deleted, and all of them would be paid for again. Rejects with
 * `UsageError`.
 */
async function checkJournalMatchesManifest(
  manifest: Manifest,
  journal: RunJournal,
  folder: string,
): Promise<void> {
  const isNew = Object.values(journal.counts()).every((jobs) => jobs === 0);
  if (!isNew) return;
  for await (const { attempts } of manifest.outcomes()) {
    if (attempts > 0) throw journalGone(folder);
  }
}

function journalGone(folder: string): UsageError {
  return new UsageError(
    `${folder} has manifest.jsonl but not its run.sqlite: there is no record of what has been paid.`,
    {
      suggestion:
        'Restore run.sqlite from a copy, or choose another folder with --out. ' +
        'Delete manifest.jsonl too only if you want to make, and pay for, all images of this run again.',
    },
  );
}

/**
 * Opens a run folder for `work`, which emits once, and closes the folder before it emits the
 * result. Emits `UsageError` or `StorageError` if the folder cannot be used.
 */
export function inOpenRun<T>(settings: RunSettings, work: (run: OpenRun) => Observable<T>): Observable<T> {
  return fromAbortable(() => openRun(settings)).pipe(
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
