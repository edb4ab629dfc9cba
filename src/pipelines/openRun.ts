import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { asyncScheduler, concat, defer, EMPTY, from, type SchedulerLike } from 'rxjs';
import { encoderPlaces } from '../encoderPlaces.ts';
import { StorageError, UsageError } from '../errors.ts';
import { guardListener } from '../events/guardListener.ts';
import { createEventFollower } from '../operators/createEventFollower.ts';
import { createGate } from '../operators/createGate.ts';
import { createGovernor } from '../operators/createGovernor.ts';
import { createLedger } from '../operators/createLedger.ts';
import { createListPoller } from '../operators/createListPoller.ts';
import { gate } from '../operators/gate.ts';
import type { Destination, PredictionEvents, Provider } from '../ports.ts';
import { costMicroUsd } from '../replicate/costMicroUsd.ts';
import { createDownloader } from '../replicate/createDownloader.ts';
import { describePrice } from '../replicate/describePrice.ts';
import { outputUrls } from '../replicate/outputUrls.ts';
import { predictionError } from '../replicate/predictionError.ts';
import { createRenderer } from '../sinks/createRenderer.ts';
import { type Manifest, openManifest } from '../sinks/openManifest.ts';
import { openThumbnails, type Thumbnails } from '../sinks/openThumbnails.ts';
import { probeFolder } from '../sinks/probeFolder.ts';
import { removePictures } from '../sinks/removePictures.ts';
import { removeTemporaries } from '../sinks/removeTemporaries.ts';
import { storedPlans } from '../sinks/storedPlans.ts';
import { writeSidecar } from '../sinks/writeSidecar.ts';
import type { TableFormat } from '../sinks/writeTable.ts';
import { openJournal } from '../store/openJournal.ts';
import { openResultCache } from '../store/openResultCache.ts';
import type { RunJournal } from '../store/RunJournal.ts';
import type { Plan } from '../types.ts';
import { closeDestinations } from './closeDestinations.ts';
import { countRequests } from './countRequests.ts';
import { expectJournalOf } from './expectJournalOf.ts';
import type { GenerateConfig } from './GenerateConfig.ts';
import { openDestinations } from './openDestinations.ts';

export interface RunSettings
  extends Pick<
    GenerateConfig,
    | 'strategy'
    | 'concurrency'
    | 'waveSize'
    | 'wavePauseMs'
    | 'continueOnError'
    | 'maxAttempts'
    | 'timeoutMs'
    | 'waitMs'
    | 'fallbacksOf'
    | 'recoveryRounds'
    | 'recoveryDelayMs'
    | 'repay'
    | 'emit'
    | 'stop'
    | 'cancel'
    | 'provenance'
    | 'sign'
    | 'keepOriginals'
    | 'scheduler'
    | 'random'
    | 'breakerFailures'
    | 'timeoutAction'
    | 'onTimeout'
  > {
  /** The run folder; absolute. Made where it does not exist. */
  folder: string;
  /** The service: `createReplicateProvider({ token })`, say. */
  provider: Provider;
  /** Creates a minute at most. Default 600. */
  ratePerMinute?: number;
  /** Never more than this is reserved and spent, in millionths of a US dollar. Default: no limit. */
  budgetMicroUsd?: number;
  /** Price of one output image over the built-in table, in millionths of a US dollar. */
  priceMicroUsd?: number;
  /** Which jobs are to be made, by index; the others keep what they have. Default: all. */
  only?: (index: number) => boolean;
  /** Whether the plans are some of the folder's jobs, not the first ones without a gap. Default false. */
  isPartial?: boolean;
  /**
   * Where the service tells of the end of predictions (`createWebhookReceiver`). Creates do not wait then; the list is
   * asked now and then, since a webhook may be lost. Default: nowhere.
   */
  webhooks?: PredictionEvents;
  /** True: creates predictions and leaves them to the service; `collect` gathers them later. Default false. */
  detach?: boolean;
  /**
   * Open the further places where finished pictures go, once the run folder is this run's alone; given its path. A job counts
   * as saved when its pictures are at all of them. Default: none.
   */
  destinations?: readonly ((folder: string) => Promise<Destination>)[];
  /** Deletes pictures in the run folder once they are at all destinations; sidecars and thumbnails stay. Default false. */
  deleteLocal?: boolean;
  /** Folder that keeps results for other runs; made where it does not exist. Default: none. */
  cacheFolder?: string;
  /** Keeps a journal of ratings that a model makes, beside that of the images. Default: where the folder has one. */
  ratings?: boolean;
  /** Tells the input and the settings that change requests; a folder begun with others is refused. */
  fingerprint?: string;
  /** Fingerprints of what this input only adds jobs to, behind the old ones; a folder begun with one of them goes on. */
  extendedFrom?: readonly string[];
  /** Whether plans may have files, which are compared with those of earlier runs; false spares a pass over them. Default true. */
  haveFiles?: boolean;
  /** Tables of all outcomes to leave besides `manifest.json`. Default: none. */
  tables?: readonly TableFormat[];
  /** Leaves a sidecar, `<name>.json`, beside each original. Default true. */
  sidecars?: boolean;
  /** Leaves thumbnails, a gallery and a contact sheet in the folder. Default true. */
  gallery?: boolean;
  /** Goes on in a folder that was begun with others all the same. Default false. */
  resumeAnyway?: boolean;
}

/** A run folder in use, and everything that `generate` needs to fill it. */
export interface OpenRun {
  readonly config: GenerateConfig;
  readonly journal: RunJournal;
  /** Of ratings by a model; null where there are none. */
  readonly ratings: RunJournal | null;
  readonly manifest: Manifest;
  /** Calls of the API so far. */
  readonly requests: () => number;
  /** Null where no gallery is wanted. */
  readonly thumbnails: Thumbnails | null;
  /** Tables to leave at the end. */
  readonly tables: readonly TableFormat[];
  /** Whether a job needs no more work. */
  readonly isSaved: (plan: Plan) => boolean;
  /** Whether the job with that index was saved, by whatever request. */
  readonly wasSaved: (index: number) => boolean;
  /** From now on these jobs, by index, do not count as saved; with the predictions that are paid already. */
  reopen(jobs: ReadonlyMap<number, string | null>): void;
  /** Whether a job is to be made at all. */
  readonly isChosen: (index: number) => boolean;
  /** What a model's price is and where it is from; null where none is known. */
  readonly describePrice: (model: string) => string | null;
  /** Waits for what is being written and gives the folder free; may be called again. */
  close(): Promise<void>;
}

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
    await probeFolder(folder);
    const thumbnails = settings.gallery === false ? null : await openThumbnails(folder);
    const encoders = createGate(encoderPlaces());
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
      answers: {
        urlsOf: outputUrls,
        costOf: (prediction) => costMicroUsd(prediction, priceMicroUsd),
        errorOf: predictionError,
      },
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
      describePrice: (model) => describePrice(model, priceMicroUsd),
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
