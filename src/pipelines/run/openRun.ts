import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  asyncScheduler,
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  finalize,
  from,
  map,
  type Observable,
  type SchedulerLike,
  throwError,
} from 'rxjs';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { encoderConcurrency } from '../../base/pictures.ts';
import { checkWritable, removeTemporaries } from '../../disk/writeFiles.ts';
import { StorageError, UsageError } from '../../errors.ts';
import { guardListener } from '../../events/observeRun.ts';
import { createGate, gate } from '../../operators/gate.ts';
import { createGovernor } from '../../operators/pace/governor.ts';
import { createEventFollower } from '../../operators/predictions/awaitPrediction.ts';
import { createListPoller } from '../../operators/predictions/listPoller.ts';
import { createLedger } from '../../operators/stages/budgetTake.ts';
import type { Destination, PredictionEvents, Provider } from '../../ports.ts';
import { createDownloader } from '../../providers/downloads/downloader.ts';
import { createRenderer } from '../../renditions/renderer.ts';
import { openThumbnails } from '../../sinks/gallery/thumbnails.ts';
import { type Manifest, openManifest } from '../../sinks/manifest/manifest.ts';
import { removePictures, writeSidecar } from '../../sinks/manifest/sidecar.ts';
import { storedPlans } from '../../sinks/manifest/storedPlans.ts';
import type { RunJournal } from '../../store/entries.ts';
import { openJournal } from '../../store/journal.ts';
import { openResultCache } from '../../store/resultCache.ts';
import type { Plan } from '../../types.ts';
import type { GenerateConfig } from '../journey/run.ts';
import { countRequests, type OpenRun, type RunSettings } from './settings.ts';

/**
 * Opens a run folder for this process alone and brings together what a run needs. What a killed run left unfinished is
 * removed. Rejects with `UsageError` where the folder is in use, belongs to another run, or cannot be written.
 */
export async function openRun(settings: RunSettings): Promise<OpenRun> {
  try {
    return await openFolder(settings);
  } catch (error) {
    // Nothing was begun yet: a folder that cannot be written is a wrong choice, not an accident of the run.
    if (!(error instanceof StorageError)) throw error;
    throw new UsageError(`Expected a run folder that can be written, got: ${error.message}`, {
      suggestion: error.suggestion,
      cause: error,
    });
  }
}

async function openFolder(settings: RunSettings): Promise<OpenRun> {
  const { folder, fingerprint, extendedFrom, resumeAnyway, ratePerMinute = 600 } = settings;
  const { only = () => true, scheduler = asyncScheduler } = settings;
  const { budgetMicroUsd = Number.POSITIVE_INFINITY, priceMicroUsd } = settings;
  const emit = guardListener(settings.emit ?? (() => {}));
  const { provider, count } = countRequests(settings.provider);
  const journal = openJournal(folder, { fingerprint, extendedFrom, resumeAnyway });
  let ratings: RunJournal | null = null;
  try {
    ratings = openRatings(settings);
    await removeTemporaries(folder);
    // Files that are there already may be written where new ones may not be made.
    await checkWritable(folder);
    const thumbnails = settings.gallery === false ? null : await openThumbnails(folder);
    const encoders = createGate(encoderConcurrency());
    const cache =
      settings.cacheFolder === undefined ? {} : { cache: await openResultCache(settings.cacheFolder) };
    const manifest = await openManifest(folder);
    await expectJournalOf(manifest, journal, folder).catch(async (error: unknown) => {
      await manifest.close();
      throw error;
    });
    const destinations = await openDestinations(settings.destinations ?? [], folder).catch(
      async (error: unknown) => {
        await manifest.close();
        throw error;
      },
    );
    const { detach = false, ...others } = settings;
    let reopened: ReadonlyMap<number, string | null> = new Map();
    // A power cut may take lines of the manifest that the journal, which is flushed, still knows.
    const wasSaved = (index: number) => journal.isSaved(index) && manifest.has(index) && !reopened.has(index);
    const isSaved = ({ index, key, files }: Plan) =>
      wasSaved(index) &&
      // Files may change behind an input that is the same.
      ((!journal.inputChanged && files === undefined) || journal.find(index)?.key === key);
    const config: GenerateConfig = {
      ...others,
      provider,
      emit,
      ...(detach ? { waitMs: 0, detach: storedPlans(folder, 'detached').keep } : {}),
      ...cache,
      destinations,
      ...(settings.webhooks === undefined ? {} : byWebhooks(settings.webhooks, provider, scheduler)),
      downloader: createDownloader(),
      renderer: createRenderer(),
      journal,
      ledger: createLedger({
        limitMicroUsd: budgetMicroUsd,
        spentMicroUsd: journal.spentMicroUsd() + (ratings?.spentMicroUsd() ?? 0),
        onWarning: ({ reservedMicroUsd, spentMicroUsd }) =>
          emit({ type: 'budget.warning', limitMicroUsd: budgetMicroUsd, reservedMicroUsd, spentMicroUsd }),
      }),
      governor: createGovernor({ perMinute: ratePerMinute, scheduler }),
      answers: { costOf: (prediction) => provider.answers.costOf(prediction, priceMicroUsd) },
      isDone: (plan) => !only(plan.index) || isSaved(plan),
      isPaidBefore: ({ index, predictionId }) => reopened.get(index) === predictionId,
      putAside: storedPlans(folder, 'failed').keep,
      keep: (outcome) =>
        concat(
          settings.sidecars === false ? EMPTY : writeSidecar(folder, outcome),
          manifest.append(outcome),
          // Made while other predictions run, so that the end of the run does not wait for them.
          thumbnails === null ? EMPTY : defer(() => thumbnails.make(outcome)).pipe(gate(encoders)),
        ),
      ...(settings.deleteLocal === true
        ? { release: (outcome) => from(removePictures(folder, outcome)) }
        : {}),
    };
    let closing: Promise<void> | undefined;
    const close = () => {
      closing ??= closeDestinations(destinations)
        .finally(() => manifest.close())
        .finally(() => ratings?.close())
        .finally(() => journal.close());
      return closing;
    };
    return {
      config,
      journal,
      ratings,
      manifest,
      requests: count,
      thumbnails,
      tables: settings.tables ?? [],
      isSaved,
      wasSaved,
      reopen: (jobs) => {
        reopened = jobs;
      },
      isChosen: only,
      describePrice: (model) => provider.answers.describePrice(model, priceMicroUsd),
      close,
    };
  } catch (error) {
    ratings?.close();
    journal.close();
    throw error;
  }
}

/** What ratings have cost counts in the budget, also in a run that makes none. */
function openRatings({ folder, ratings = false }: RunSettings): RunJournal | null {
  const place = join(folder, '.ratings');
  return ratings || existsSync(place) ? openJournal(place) : null;
}

/** How often the list is asked where webhooks should tell: seldom enough to cost nothing, and well within the hour. */
const BEHIND_WEBHOOKS = { shortestMs: 5_000, longestMs: 30_000 };

function byWebhooks({ url, events }: PredictionEvents, provider: Provider, scheduler: SchedulerLike) {
  const behind = createListPoller(provider, { ...BEHIND_WEBHOOKS, scheduler });
  return {
    waitMs: 0,
    follower: createEventFollower(events, behind),
    webhookUrlOf: ({ index }: Plan) => {
      const own = new URL(url);
      own.searchParams.set('job', String(index));
      return own.href;
    },
  };
}

/**
 * Makes sure that the journal is the one that the manifest was written with: a new one beside outcomes of earlier runs means
 * that `run.sqlite` was deleted, and all of them would be paid again. Rejects with `UsageError`.
 */
async function expectJournalOf(manifest: Manifest, journal: RunJournal, folder: string): Promise<void> {
  const isNew = Object.values(journal.counts()).every((jobs) => jobs === 0);
  if (!isNew) return;
  for await (const { attempts } of manifest.outcomes()) {
    if (attempts > 0) throw journalGone(folder);
  }
}

function journalGone(folder: string): UsageError {
  return new UsageError(
    `Expected the journal run.sqlite beside manifest.jsonl in ${folder}, got a new one.`,
    {
      suggestion:
        'Restore it from a copy, or choose another folder with --out. Without it nobody knows what has been paid: ' +
        'delete manifest.jsonl too only if making all images of this run again is fine.',
    },
  );
}

/** Opens the destinations of a run, one after the other; where one cannot be opened those before are closed again. */
async function openDestinations(
  openers: readonly ((folder: string) => Promise<Destination>)[],
  folder: string,
): Promise<Destination[]> {
  const opened: Destination[] = [];
  try {
    for (const open of openers) opened.push(await open(folder));
    return opened;
  } catch (error) {
    await closeDestinations(opened);
    throw error;
  }
}

/** Closes all of them; rejects with what the first that could not be closed says. */
async function closeDestinations(destinations: readonly Destination[]): Promise<void> {
  const ends = await Promise.allSettled(destinations.map((destination) => destination.close()));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

/**
 * Opens a run folder for some work that emits once, and closes it again: whoever sees the end finds the folder free. Emits
 * `UsageError` or `StorageError` where the folder cannot be used.
 */
export function inOpenRun<T>(settings: RunSettings, work: (run: OpenRun) => Observable<T>): Observable<T> {
  return fromAbortable(() => openRun(settings)).pipe(
    concatMap((run) => {
      // Closing is a stage, so that whoever sees the end finds the folder free; the teardown is for who leaves before.
      const closed = defer(() => run.close());
      return defer(() => work(run)).pipe(
        concatMap((end) => closed.pipe(map(() => end))),
        catchError((error: unknown) => closed.pipe(concatMap(() => throwError(() => error)))),
        // Whoever left before the end is not there to be told.
        finalize(() => void run.close().catch(() => {})),
      );
    }),
  );
}
