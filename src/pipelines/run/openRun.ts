import {
  catchError,
  concatMap,
  defer,
  EMPTY,
  finalize,
  ignoreElements,
  map,
  merge,
  type Observable,
  of,
  Subject,
  shareReplay,
  takeUntil,
  throwError,
} from 'rxjs';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { messageOf } from '../../base/text.ts';
import { DeliveryError, StorageError, UsageError } from '../../errors.ts';
import type { Destination, Ledger } from '../../ports.ts';
import { openResultCache } from '../../store/resultCache.ts';
import type { GenerateConfig } from '../journey/config.ts';
import { checkSettings } from './checkSettings.ts';
import { usedSettings } from './closing/usedSettings.ts';
import { expectDestination } from './deliver.ts';
import { type Closers, createClosers } from './folder/closers.ts';
import { createFolderStore } from './folder/folderStore.ts';
import { type FolderFiles, openFolder } from './folder/openFolder.ts';
import { openSpending } from './folder/openSpending.ts';
import { configOf, countRequests, priceFor } from './runConfig.ts';
import type { OpenRun, RunSettings } from './settings.ts';

/**
 * Opens a run folder for this process alone, with everything that a run needs. Removes the
 * unfinished files of a killed run. Rejects with `UsageError` if the folder is in use, belongs to
 * another run or service, has files of the user's, or cannot be written; with a RangeError if a
 * setting is invalid. An aborted `signal` ends
 * the wait for another run.
 */
export async function openRun(settings: RunSettings, signal?: AbortSignal): Promise<OpenRun> {
  checkSettings(settings, 'folder');
  try {
    return await openParts(settings, signal);
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

/** Opens the parts of a run one after the other; if one fails, those before it are closed again. */
async function openParts(settings: RunSettings, signal?: AbortSignal): Promise<OpenRun> {
  const closers = createClosers();
  try {
    const files = await openFolder(settings, closers, signal);
    const spending = await openSpending(settings, files, closers);
    const outputs = await openOutputs(settings, files, closers);
    return runOf(settings, { ...files, ...outputs, spending, close: closers.close });
  } catch (error) {
    // The first error is the one to report.
    await closers.close().catch(() => {});
    throw error;
  }
}

/** The further places that a run's files go to, or come from. */
type OpenOutputs = Pick<GenerateConfig, 'cache' | 'destinations'>;

async function openOutputs(
  settings: RunSettings,
  { service }: Pick<FolderFiles, 'service'>,
  closers: Closers,
): Promise<OpenOutputs> {
  const { folder, cacheFolder, timeoutMs, scheduler } = settings;
  const destinations: Destination[] = [];
  closers.add(() => closeAll(destinations));
  for (const open of settings.destinations ?? []) {
    const destination = await open(folder);
    expectDestination(destination);
    destinations.push(destination);
  }
  if (cacheFolder === undefined) return { destinations };
  return { destinations, cache: await openResultCache(cacheFolder, { service, timeoutMs, scheduler }) };
}

/** Everything that is open for a run. */
interface OpenParts extends FolderFiles, OpenOutputs, Pick<OpenRun, 'close'> {
  /** The ledger of all runs of this machine; null if this one is not counted. */
  readonly spending: Ledger | null;
}

function runOf(
  settings: RunSettings,
  { close, cache, destinations, spending, ...files }: OpenParts,
): OpenRun {
  const { only = () => true, tables = [], budgetMicroUsd = null } = settings;
  const { service, journal, ratings, manifest, thumbnails } = files;
  const { provider, count } = countRequests(settings.provider);
  const { isSaved, wasSaved, reopen, trustIndexes, ...store } = createFolderStore(settings, files);
  const config = configOf(settings, { provider, store, spending });
  return {
    config: { ...config, service, ...(cache && { cache }), ...(destinations && { destinations }) },
    provider,
    journal,
    ratings,
    manifest,
    budgetMicroUsd,
    used: usedSettings(settings),
    requests: count,
    surplus: config.lookout.surplus,
    thumbnails,
    tables,
    isSaved,
    wasSaved,
    reopen,
    trustIndexes,
    isChosen: only,
    describePrice: (model) => provider.answers.describePrice(model, priceFor(model, settings)),
    close,
  };
}

/** Closes all destinations at once; rejects with the error of the first that cannot be closed. */
async function closeAll(destinations: readonly Destination[]): Promise<void> {
  const ends = await Promise.allSettled(destinations.map(close));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

async function close(destination: Destination): Promise<void> {
  const { name } = destination;
  try {
    await destination.close();
  } catch (cause) {
    if (cause instanceof DeliveryError || cause instanceof StorageError) throw cause;
    throw new DeliveryError(`${name} could not be closed: ${messageOf(cause)}`, {
      destination: name,
      suggestion: 'All images are on disk. Check if the destination has them, and deliver them again.',
      cause,
    });
  }
}

/**
 * Opens a run folder for `work`, which emits once, and closes the folder before it emits the
 * result. Emits `UsageError` or `StorageError` if the folder cannot be used. `onUnclosed` returns
 * the result if the folder cannot be closed; without it, that is an error.
 */
export function inOpenRun<T>(
  settings: RunSettings,
  work: (run: OpenRun) => Observable<T>,
  onUnclosed: (result: T, error: unknown) => T = (_result, error) => {
    throw error;
  },
): Observable<T> {
  return holdStop(settings, (held) => inFolder(held, work, onUnclosed));
}

/**
 * Replays the stop of a run to stages that begin after it has emitted: it may come while earlier
 * images are rendered or delivered, before anything listens that would make further ones.
 */
function holdStop<T>(settings: RunSettings, work: (held: RunSettings) => Observable<T>): Observable<T> {
  const { stop: given } = settings;
  if (given === undefined) return work(settings);
  return defer(() => {
    const stop = given.pipe(shareReplay({ bufferSize: 1, refCount: true }));
    const over = new Subject<void>();
    // Its error reaches those who listen, now or later.
    const held = stop.pipe(
      ignoreElements(),
      catchError(() => EMPTY),
      takeUntil(over),
    );
    return merge(held, work({ ...settings, stop }).pipe(finalize(() => over.next())));
  });
}

function inFolder<T>(
  settings: RunSettings,
  work: (run: OpenRun) => Observable<T>,
  onUnclosed: (result: T, error: unknown) => T,
): Observable<T> {
  return fromAbortable((signal) => openUnlessAborted(settings, signal)).pipe(
    concatMap((run) => {
      // Closing is a stage, so that the folder is free when the result is emitted; teardown serves
      // early unsubscribers.
      const closed = defer(() => run.close());
      return defer(() => work(run)).pipe(
        catchError((error: unknown) => closed.pipe(concatMap(() => throwError(() => error)))),
        concatMap((end) =>
          closed.pipe(
            map(() => end),
            catchError((error: unknown) => of(onUnclosed(end, error))),
          ),
        ),
        // After an unsubscribe, no subscriber is left to receive an error.
        finalize(() => void run.close().catch(() => {})),
      );
    }),
  );
}

/** Opens a run folder; frees it if it was opened while its subscriber unsubscribed. */
async function openUnlessAborted(settings: RunSettings, signal: AbortSignal): Promise<OpenRun> {
  const run = await openRun(settings, signal);
  if (!signal.aborted) return run;
  await run.close();
  throw signal.reason;
}
