import type { Observable, OperatorFunction } from 'rxjs';
import type { RunCallbacks } from '../../events/listeners.ts';
import type { PredictionEvents, Provider } from '../../ports.ts';
import type { RenditionFields } from '../../renditions/fields.ts';
import type { JobContext } from '../../sources/planning/jobContext.ts';
import type { Outcome, RenditionSpec } from '../../types.ts';
import type { RunSettings } from '../run/settings.ts';
import type { DestinationOptions } from './destinations.ts';
import type { ScoreOption } from './score.ts';
import type { Session } from './session.ts';

/** The settings of a run that are options under the same name. */
export const sharedNames = [
  'strategy',
  'concurrency',
  'waveSize',
  'wavePauseMs',
  'downloads',
  'encoders',
  'uploads',
  'ratePerMinute',
  'maxWaitMs',
  'maxOutageMs',
  'maxAttempts',
  'timeoutMs',
  'timeoutAction',
  'maxOutputBytes',
  'lookForMs',
  'breakerFailures',
  'recoveryRounds',
  'recoveryDelayMs',
  'repay',
  'continueOnError',
  'allowFiles',
  'tables',
  'sidecars',
  'gallery',
  'provenance',
  'sign',
  'keepOriginals',
  'transform',
  'onTimeout',
  'scheduler',
  'random',
] as const satisfies readonly (keyof RunSettings)[];

/** The settings of a run that mean the same in `images`. */
export type SharedOptions = Pick<RunSettings, (typeof sharedNames)[number]>;

/** The service of a run. */
export interface ServiceOptions {
  /**
   * The service. Default: that of the session, else Replicate with `REPLICATE_API_TOKEN` and, if
   * it is set, `REPLICATE_BASE_URL`.
   */
  provider?: Provider;
  /**
   * The pace, slots and budget that this run shares with other runs of the process. Default: none.
   */
  session?: Session;
}

/** The choice of images. */
export interface RequestOptions extends Partial<Pick<JobContext, 'input' | 'count' | 'seed'>> {
  /**
   * The run folder. If it has a run of these prompts already, only missing images are made; other
   * prompts replace those that it had.
   */
  to: string;
  /** Only the first so many images. Default: all. */
  limit?: number;
  /** Only images with these indexes, from 0. Default: all. */
  only?: (index: number) => boolean;
  /**
   * Create predictions and leave them to the service; `collect` gathers them within the hour. Their
   * jobs end as skipped. Default false.
   */
  detach?: boolean;
  /**
   * Models to try if this one fails for good, in their order; `new-seed` is the same model with
   * another seed, if it refuses. Default: none.
   */
  fallback?: readonly string[];
}

/** The files of a run. */
export interface FileOptions {
  /**
   * Further images to derive from each original: as objects, as specs have them, or as
   * `instagram_post` or `thumb=320x240,inside,webp`. Default: none.
   */
  renditions?: readonly (string | RenditionSpec | RenditionFields)[];
  /** `flat`, `date`, `prompt`, `model` or a template of paths. Default `flat`. */
  organize?: string;
  /** At most so many jobs in a folder. Default: no limit. */
  folderSize?: number;
  /**
   * Folder of results that runs share: identical seeded requests are taken from it instead of being
   * made again. Default: none.
   */
  cache?: string;
  /** Include requests without a seed in the cache. Default false. */
  cacheUnseeded?: boolean;
}

/** The money of a run. */
export interface MoneyOptions {
  /** Never reserve and spend more than this, in dollars. Default: no limit. */
  budgetUsd?: number;
  /**
   * Never reserve more than this in a day, or a month, by the clock of this machine, in all folders
   * together: those of the commands, and of programs with such a limit. Simulated runs do not
   * count. Default: no limit.
   */
  budgetPerDayUsd?: number;
  budgetPerMonthUsd?: number;
  /**
   * The database that counts them; without a limit, counts this run. Default: `spending.sqlite` in
   * rxposure's cache folder of this user, if there is a limit.
   */
  spendingFile?: string;
  /** Price of one output image in dollars, over the built-in table. */
  priceUsd?: number;
  /** The same by model: `{ 'black-forest-labs/flux-dev': 0.025 }`; wins over `priceUsd`. */
  pricesUsd?: Readonly<Record<string, number>>;
}

/** The way of the run: how it learns of results, further actions, and how it ends early. */
export interface CourseOptions {
  /**
   * The way to learn of results: `wait` holds the create request open, `poll` reads the list, and a
   * receiver of webhooks (`createWebhookReceiver`) waits for reports. Default `wait`.
   */
  follow?: 'wait' | 'poll' | PredictionEvents;
  /**
   * Rates each image before it counts as saved; higher is better. A measure (`sharpness`), measures
   * with weights, a model (`owner/name`, or with its `input`), or a function of the image's file,
   * prompt and index. The score is `metrics.score` of the outcome, in manifest and sidecar; a
   * model's cost counts in that of the image and in the budget. Default: none.
   */
  score?: ScoreOption;
  /**
   * Operators that the outcomes pass through, one after the other: a database, a queue. Jobs that
   * never had their turn have no outcome here, only in the manifest. The run ends when they have
   * passed, and an error of a sink ends it. If a sink (`toSink`) refuses an outcome, the others
   * continue, and the run rejects at its end. Default: none.
   */
  sinks?: readonly OperatorFunction<Outcome, Outcome>[];
  /** Ends the run early when it aborts; the run then rejects with its reason. Default: never. */
  signal?: AbortSignal;
  /**
   * At an abort, or if the loop or a subscription is left: `finish` the jobs in flight, or `cancel`
   * them at the service. Either way paid outputs are saved first. Default `finish`.
   */
  onAbort?: 'finish' | 'cancel';
}

/** The functions that a run calls; each is an option. */
export const callbackNames = [
  'onStart',
  'onProgress',
  'onJobProgress',
  'onImage',
  'onResult',
  'onFailure',
  'onRetry',
  'onPause',
  'onWarning',
  'onRoundComplete',
  'onBatchComplete',
  'onComplete',
] as const satisfies readonly (keyof RunCallbacks)[];

/** The options of every run. Those that the scripts have, too, have the same defaults. */
export interface RunOptions
  extends ServiceOptions,
    MoneyOptions,
    DestinationOptions,
    CourseOptions,
    RunCallbacks,
    SharedOptions {}

/** The options of every run that makes images of an input. */
export interface BatchOptions extends RunOptions, RequestOptions, FileOptions {}

/** The options of `images`. */
export interface ImagesOptions extends BatchOptions {
  /** `owner/name`, `owner/name:version` or `deployments/owner/name`. */
  model: string;
}

/** The options of a workflow. Given options win over the fields of its spec. */
export interface WorkflowOptions extends BatchOptions {
  /** The model. Default: the spec's, else the workflow's. */
  model?: string;
}

/** Signals that end a run, and its hooks. */
export interface RunControl extends Pick<RunSettings, 'emit' | 'handOver'> {
  readonly stop: Observable<unknown>;
  readonly cancel: Observable<unknown>;
}
