import { defer, type Observable } from 'rxjs';
import type { Destination, PredictionEvents, Provider } from '../../ports.ts';
import type { Thumbnails } from '../../sinks/gallery/thumbnails.ts';
import type { Manifest } from '../../sinks/manifest/manifest.ts';
import type { TableFormat } from '../../sinks/manifest/tables.ts';
import type { RunJournal } from '../../store/entries.ts';
import type { Plan } from '../../types.ts';
import type { GenerateConfig } from '../journey/run.ts';

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

/** A provider, and how many calls it has made. */
interface CountedProvider {
  readonly provider: Provider;
  count(): number;
}

/** Counts what a provider asks of the service: one request for each subscription, as ports say. Downloads are none. */
export function countRequests(provider: Provider): CountedProvider {
  let requests = 0;
  const counted = <T>(call: () => Observable<T>): Observable<T> =>
    defer(() => {
      requests += 1;
      return call();
    });
  const { uploadFile } = provider;
  return {
    provider: {
      answers: provider.answers,
      createPrediction: (request, options) => counted(() => provider.createPrediction(request, options)),
      getPrediction: (id) => counted(() => provider.getPrediction(id)),
      listPredictions: (query) => counted(() => provider.listPredictions(query)),
      cancelPrediction: (id) => counted(() => provider.cancelPrediction(id)),
      getModel: (name, version) => counted(() => provider.getModel(name, version)),
      ...(uploadFile === undefined
        ? {}
        : { uploadFile: (file) => counted(() => uploadFile.call(provider, file)) }),
    },
    count: () => requests,
  };
}
