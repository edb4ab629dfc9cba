import type { Destination, PredictionEvents, Provider } from '../../ports.ts';
import type { Thumbnails } from '../../sinks/gallery/thumbnails.ts';
import type { Manifest } from '../../sinks/manifest/manifest.ts';
import type { TableFormat } from '../../sinks/manifest/tables.ts';
import type { RunJournal } from '../../store/entries.ts';
import type { Plan } from '../../types.ts';
import type { Clock, Control, GenerateConfig, Hooks, Limits, Outputs, Recovery } from '../journey/config.ts';

/** The settings of a run that names none. Flags take their defaults, and the help shows them, from here. */
export const runDefaults = {
  /** How jobs are fed. */
  strategy: 'stream',
  /** Pause between waves, with the strategy `waves`. */
  wavePauseMs: 1_000,
  /** Create requests a minute at most. */
  ratePerMinute: 600,
  /** Attempts of one job, the first included. */
  maxAttempts: 3,
  /** Time for one prediction. */
  timeoutMs: 600_000,
  /** What happens to a prediction that runs out of time. */
  timeoutAction: 'cancel',
  /** Consecutive failures that pause a model for a minute. */
  breakerFailures: 20,
  /** Rounds at the end for jobs that failed and may succeed if run again. */
  recoveryRounds: 0,
  /** How much an image's own metadata says about its origin. */
  provenance: 'full',
} as const satisfies Partial<RunSettings>;

/** The service a run uses, and what it may spend there. */
interface ServiceSettings {
  /** The service: `createReplicateProvider({ token })`, say. */
  provider: Provider;
  /** Create requests a minute at most. Default 600. */
  ratePerMinute?: number;
  /** Never reserve and spend more than this, in millionths of a US dollar. Default: no limit. */
  budgetMicroUsd?: number;
  /** Price of one output image over the built-in table, in millionths of a US dollar. */
  priceMicroUsd?: number;
  /**
   * Where the service announces the end of predictions (`createWebhookReceiver`). Create requests do not wait then; the
   * list is still asked now and then, since a webhook may be lost. Default: nowhere.
   */
  webhooks?: PredictionEvents;
  /** Create predictions and leave them to the service; `collect` gathers them later. Default false. */
  detach?: boolean;
  /** Folder that keeps results for other runs; made if it does not exist. Default: none. */
  cacheFolder?: string;
  /** Keep a journal of ratings that a model makes, beside that of the images. Default: if the folder has one. */
  ratings?: boolean;
}

/** Which jobs of the input are made, and whether the folder is theirs. */
interface InputSettings {
  /** Which jobs to make, by index; the others keep what they have. Default: all. */
  only?: (index: number) => boolean;
  /** Whether the plans are some of the folder's jobs, not the first ones without a gap. Default false. */
  isPartial?: boolean;
  /** Identifies the input and the settings that change requests; a folder begun with another one is refused. */
  fingerprint?: string;
  /** Fingerprints of inputs to which this one only adds jobs at the end; their folders are accepted too. */
  extendedFrom?: readonly string[];
  /** Whether plans may have files, which are compared with those of earlier runs; false saves a pass. Default true. */
  haveFiles?: boolean;
  /** Continue in a folder that was begun with another input. Default false. */
  resumeAnyway?: boolean;
}

/** What a run leaves besides its images. */
interface ResultSettings {
  /**
   * Open further places for finished images, once the run folder belongs to this run; called with its path. A job counts
   * as saved once its images are at all of them. Default: none.
   */
  destinations?: readonly ((folder: string) => Promise<Destination>)[];
  /** Delete images in the run folder once they are at all destinations; sidecars and thumbnails stay. Default false. */
  deleteLocal?: boolean;
  /** Tables of all outcomes to write besides `manifest.json`. Default: none. */
  tables?: readonly TableFormat[];
  /** Write a sidecar, `<name>.json`, beside each original. Default true. */
  sidecars?: boolean;
  /** Write thumbnails, a gallery and a contact sheet. Default true. */
  gallery?: boolean;
}

/** What a run in a folder takes: one flat object, declared by role. The folder is made if it does not exist. */
export interface RunSettings
  extends ServiceSettings,
    InputSettings,
    ResultSettings,
    Limits,
    Recovery,
    Omit<Outputs, 'destinations'>,
    Pick<Hooks, 'emit' | 'onTimeout'>,
    Control,
    Clock {}

/** What a run folder has open while a run uses it. */
interface OpenFolder {
  /** Everything that `generate` needs to fill the folder. */
  readonly config: GenerateConfig;
  readonly journal: RunJournal;
  /** The journal of ratings by a model; null if there are none. */
  readonly ratings: RunJournal | null;
  readonly manifest: Manifest;
  /** Null if no gallery is wanted. */
  readonly thumbnails: Thumbnails | null;
  /** Tables to write at the end. */
  readonly tables: readonly TableFormat[];
  /** Calls of the API so far. */
  readonly requests: () => number;
  /** A model's price and where it comes from; null if none is known. */
  readonly describePrice: (model: string) => string | null;
}

/** A run folder in use, and which of its jobs are done. */
export interface OpenRun extends OpenFolder {
  /** Whether a job needs no more work. */
  readonly isSaved: (plan: Plan) => boolean;
  /** Whether the job with that index was saved, by whatever request. */
  readonly wasSaved: (index: number) => boolean;
  /** From now on these jobs, by index, do not count as saved; with the predictions that are already paid for. */
  reopen(jobs: ReadonlyMap<number, string | null>): void;
  /** Whether a job is to be made at all. */
  readonly isChosen: (index: number) => boolean;
  /** Waits for pending writes and releases the folder; may be called again. */
  close(): Promise<void>;
}
