import type { Observable } from 'rxjs';
import type { FreeSpace } from '../../disk/freeSpace.ts';
import type { Gate } from '../../operators/gate.ts';
import type { Lookout } from '../../operators/predictions/lookout.ts';
import type {
  Claims,
  Destination,
  Governor,
  Journal,
  Ledger,
  PredictionEvents,
  Provider,
  Renderer,
} from '../../ports.ts';
import type { RendererConfig } from '../../renditions/renderer.ts';
import type { Thumbnails } from '../../sinks/gallery/thumbnails.ts';
import type { Manifest } from '../../sinks/manifest/manifest.ts';
import type { TableFormat } from '../../sinks/manifest/tables.ts';
import type { RunJournal } from '../../store/entries.ts';
import type { FolderJournal } from '../../store/journal/journal.ts';
import type { RunInput } from '../../store/runFile.ts';
import type { SpendingSettings } from '../../store/spending/spendingLedger.ts';
import type { Json, ModelInput, Outcome, Plan } from '../../types.ts';
import type { Clock, Control, GenerateConfig, Hooks, Limits, Outputs, Recovery } from '../journey/config.ts';
import type { RatingSettings } from '../journey/rating.ts';
import type { RunPorts } from '../journey/run.ts';

/** The default settings of a run. Flags take their defaults from here, and the help shows them. */
export const runDefaults = {
  /** The order and pace in which jobs begin. */
  strategy: 'stream',
  /** Pause between waves, with the strategy `waves`. */
  wavePauseMs: 1_000,
  /** Create requests a minute at most. */
  ratePerMinute: 600,
  /** Time for which the service may refuse all create requests before the run stops. */
  maxWaitMs: 600_000,
  /** Time for which jobs wait for a service that does not respond: within its hour for outputs. */
  maxOutageMs: 2_700_000,
  /** Attempts of one job, the first included. */
  maxAttempts: 3,
  /** Time for one prediction. */
  timeoutMs: 600_000,
  /** The fate of a prediction that runs out of time. */
  timeoutAction: 'cancel',
  /** Consecutive failures that pause a model for a minute. */
  breakerFailures: 20,
  /** The largest file that is downloaded, in bytes. */
  maxOutputBytes: 1_000_000_000,
  /** Time for which the prediction of a lost create request is looked for, at least. */
  lookForMs: 128_000,
  /** Rounds at the end for jobs that failed and may succeed if run again. */
  recoveryRounds: 0,
  /** The amount of provenance in an image's own metadata. */
  provenance: 'full',
} as const satisfies Partial<RunSettings>;

/** The parts that several runs of one account share, so that they keep one pace and one budget. */
export interface SharedService {
  readonly governor: Governor;
  /** Has room for all that these runs reserve and spend. */
  readonly ledger: Ledger;
  /** Slots of predictions in flight. */
  readonly slots: Gate;
  /** Predictions of all of these runs, so that none takes another's for its own. */
  readonly claims: Claims;
}

/** The service of a run, and the money that it may spend there. */
export interface ServiceSettings {
  /** The service: `createReplicateProvider({ token })`, for example. */
  provider: Provider;
  /** Create requests a minute at most. Default 600. */
  ratePerMinute?: number;
  /**
   * Time for which the service may refuse all create requests, or ask to wait, before the run stops
   * with `ERR_WAIT_TOO_LONG`; the next run continues. Default 600,000. A service that does not
   * respond is waited for for `maxOutageMs`.
   */
  maxWaitMs?: number;
  /**
   * The largest file that is downloaded, in bytes; a larger one fails its job, and is fetched by a
   * later run with a higher limit. Default 1,000,000,000.
   */
  maxOutputBytes?: number;
  /** Never reserve and spend more than this, in millionths of a US dollar. Default: no limit. */
  budgetMicroUsd?: number;
  /** Price of one output image over the built-in table, in millionths of a US dollar. */
  priceMicroUsd?: number;
  /** The same by model, `owner/name`; wins over `priceMicroUsd`. Default: none. */
  pricesMicroUsd?: Readonly<Record<string, number>>;
  /** The account of all runs of this machine, and its limits. Default: this run is not counted. */
  spending?: SpendingSettings;
  /** The session, shared with other runs of the same account (`createSession`). Default: none. */
  session?: SharedService;
  /**
   * The receiver of the service's webhooks (`createWebhookReceiver`). With it, create requests do
   * not wait; the list is still requested now and then, as a webhook may be lost. Default: none.
   */
  webhooks?: PredictionEvents;
  /** Leave predictions to the service; `runCollect` gathers them later. Default false. */
  detach?: boolean;
  /** Folder that stores results for other runs; made if it does not exist. Default: none. */
  cacheFolder?: string;
}

/** The choice of jobs, and the match between input and folder. */
export interface InputSettings {
  /** Returns true for the index of each job to make; the others keep their state. Default: all. */
  only?: (index: number) => boolean;
  /** True if the plans are some of the folder's jobs, with gaps between them. Default false. */
  isPartial?: boolean;
  /** The file or standard input that the run was started from, for `run.json`. Default: none. */
  input?: RunInput;
  /**
   * Hash of everything that the plans follow from: if it and the number of jobs are those of the
   * folder's last run, the plans need not be compared with it one by one. Default: not known.
   */
  fingerprint?: string;
  /**
   * Hash of an input that must not change: a folder that was begun with another one is refused.
   * Default: the input may change, and its jobs are matched by their keys.
   */
  fixedInput?: string;
  /** Accept another fixed input than the folder was begun with. Default false. */
  resumeAnyway?: boolean;
  /**
   * Local files that plans stored in the folder may name, besides those in it: folders or single
   * files, or `any`. For `runCollect` and `runRetry`, whose plans are someone else's if the folder
   * is. Default: none.
   */
  allowFiles?: readonly string[] | 'any';
  /** Secret inputs for `runCollect` and `runRetry`: stored plans lack them. Default: none. */
  secretInputs?: ModelInput;
  /** True if plans may have files, whose contents each run then compares. Default true. */
  haveFiles?: boolean;
}

/** The output files of a run besides its images. */
export interface ResultSettings {
  /**
   * Functions that open further destinations of finished images; called with the path of the run
   * folder once it belongs to this run. A job counts as saved once its images are at all
   * destinations. Default: none.
   */
  destinations?: readonly ((folder: string) => Promise<Destination>)[];
  /** Delete images here once all destinations have them; not sidecars. Default false. */
  deleteLocal?: boolean;
  /** Tables of all outcomes to write besides `manifest.json`. Default: none. */
  tables?: readonly TableFormat[];
  /** Write a sidecar, `<name>.json`, beside each original. Default true. */
  sidecars?: boolean;
  /** Write thumbnails, a gallery and a contact sheet. Default true. */
  gallery?: boolean;
  /** Resolves with the free space on the disk of the folder. Default: asks the file system. */
  freeSpaceOf?: (folder: string) => Promise<FreeSpace | null>;
}

/**
 * The settings of a run in a folder: one flat object, declared by role. The folder is made if it
 * does not exist.
 */
export interface RunSettings
  extends ServiceSettings,
    RatingSettings,
    InputSettings,
    ResultSettings,
    Limits,
    Recovery,
    Omit<Outputs, 'destinations' | 'rate'>,
    Pick<Hooks, 'emit' | 'onTimeout' | 'handOver'>,
    Control,
    Clock {
  /**
   * Makes the missing images, and enters each outcome into the run before it emits it: for images
   * that are made elsewhere. Default: `generate`.
   */
  make?: (plans: () => Iterable<Plan> | AsyncIterable<Plan>, run: OpenRun) => Observable<Outcome>;
  /** When their making began, ms since 1970. Default: now. */
  startedAtMs?: number;
  /** True if outcomes in the folder count as if this run had made them now. Default false. */
  countsAll?: boolean;
  /** True if others write unfinished files there now, which must stay. Default false. */
  keepUnfinished?: boolean;
  /** True if another run in the folder is waited for, however long. Default: it is refused. */
  waitsForFolder?: boolean;
}

/**
 * The store behind a run: the memory of its jobs, and the receiver of their outcomes. The run
 * folder is one; each of a fleet's workers has one over a database.
 */
export interface RunStore
  extends Required<Pick<Hooks, 'isDone' | 'paidBeforeUsd' | 'filesOf'>>,
    Pick<Renderer & RendererConfig, 'check' | 'preview'> {
  readonly journal: Journal;
  /** Returns the money that earlier runs have spent of this run's budget. */
  spentMicroUsd(): number;
  /** Returns the money that earlier runs have reserved of it, for attempts that are open. */
  openMicroUsd(): number;
  /** Stores an outcome before it counts: its line of the manifest, its thumbnail. */
  keep(outcome: Outcome): Observable<unknown>;
  /** Stores the plan of a job that failed, or whose prediction is left to the service. */
  putAside(plan: Plan, reason: 'failed' | 'detached'): Observable<unknown>;
}

/** The open parts of a run folder. */
export interface OpenFolder {
  /** The configuration of `generate` for this folder. */
  readonly config: GenerateConfig & RunPorts;
  /** The service. Calls do not wait for it if it is away: no job depends on the last ones. */
  readonly provider: Provider;
  readonly journal: FolderJournal;
  /** The journal of ratings by a model; null if there are none. */
  readonly ratings: RunJournal | null;
  readonly manifest: Manifest;
  /** The limit of the money that all runs of the folder may spend; null if there is none. */
  readonly budgetMicroUsd: number | null;
  /** The settings of the run, for its manifest. */
  readonly used: Readonly<Record<string, Json>>;
  /** Null if no gallery is wanted. */
  readonly thumbnails: Thumbnails | null;
  /** Tables to write at the end. */
  readonly tables: readonly TableFormat[];
  /** Counts the predictions that belong to no job. */
  readonly surplus: Lookout['surplus'];
  /** Calls of the API so far. */
  readonly requests: () => number;
  /** Returns a model's price and its source, in words; null if none is known. */
  readonly describePrice: (model: string) => string | null;
}

/** A run folder in use, with the state of its jobs. */
export interface OpenRun extends OpenFolder {
  /** Returns true if a job needs no more work. */
  readonly isSaved: (plan: Plan) => boolean;
  /** Returns true if the job with this index was saved, by its current request or another. */
  readonly wasSaved: (index: number) => boolean;
  /**
   * Makes jobs count as not saved from now on: a map from their indexes to the ids of their
   * predictions, which are paid.
   */
  reopen(jobs: ReadonlyMap<number, string | null>): void;
  /** Notes that the jobs' indexes are those of the input, so that keys need no comparison. */
  trustIndexes(): void;
  /** Returns true if the job with this index is to be made. */
  readonly isChosen: (index: number) => boolean;
  /** Waits for pending writes and releases the folder; may be called again. */
  close(): Promise<void>;
}
