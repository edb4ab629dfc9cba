import type { Observable, SchedulerLike } from 'rxjs';
import type { EmitEvent } from '../../events/runEvent.ts';
import type { Gate } from '../../operators/gate.ts';
import type { Breaker } from '../../operators/pace/circuitBreaker.ts';
import type { Lookout } from '../../operators/predictions/lookout.ts';
import type { ServiceOutage } from '../../operators/predictions/watchService.ts';
import type {
  Destination,
  Downloader,
  Follower,
  Governor,
  Journal,
  Ledger,
  Provider,
  ProviderAnswers,
  Renderer,
  ResultCache,
} from '../../ports.ts';
import type { PictureSigner } from '../../provenance/signPicture.ts';
import type { Outcome, Plan, PricedRequest, ProvenanceLevel, Strategy, Transform } from '../../types.ts';
import type { TimedOutPrediction } from './attempt/timedOut.ts';
import type { ImageRater } from './rating.ts';

/**
 * The ports of a run: everything that touches the world, so that a test or another engine can take
 * its place.
 */
export interface Services {
  provider: Provider;
  /** Default: `createDownloader()`. */
  downloader?: Downloader;
  /** Default: `createRenderer()`. */
  renderer?: Renderer;
  /** Default: one in memory; after a kill only `runToFolder` and `openRun` can resume. */
  journal?: Journal;
  /** The budget. Default: no limit. */
  ledger?: Ledger;
  /** The pace of create requests. Default: 600 a minute. */
  governor?: Governor;
  /**
   * Read predictions in another way than the provider does; laid over its own `answers`. Default:
   * none.
   */
  answers?: Partial<ProviderAnswers>;
  /**
   * Learns the states of open predictions. Default: a poller that asks the list for all of them at
   * once.
   */
  follower?: Follower;
  /**
   * Finds the predictions of lost create requests. Default: one of its own, which knows the
   * journal's predictions.
   */
  lookout?: Lookout;
  /**
   * The state of a service that may be away: that of `watchService`, if `provider` is, too.
   * Default: the provider's calls are watched.
   */
  outage?: ServiceOutage;
  /** Results of earlier runs, asked for plans that have a `resultKey`. Default: none. */
  cache?: ResultCache;
  /** Name of the service in outcomes and provenance; null for none. Default: the provider's own. */
  service?: string | null;
}

/** The limits of a run: jobs at a time, attempts, waits. */
export interface Limits {
  /** The order and pace in which jobs begin. Default `stream`. */
  strategy?: Strategy;
  /**
   * Predictions in flight. Default 10; 100 with the strategy `parallel`, always 1 with
   * `sequential`. `auto` (with `stream`): learned during the run, at most 64.
   */
  concurrency?: number | 'auto';
  /**
   * Slots of predictions in flight, if you share them with other work. Default: a gate of
   * `concurrency` slots.
   */
  slots?: Gate;
  /** Jobs in a wave, with the strategy `waves`. Default: as many as `concurrency`. */
  waveSize?: number;
  /** Pause between waves. Default 1,000. */
  wavePauseMs?: number;
  /** Originals downloaded at a time; or a gate, which other runs share. Default 16. */
  downloads?: number | Gate;
  /**
   * The same of originals rendered. Default: one a core, but no more than the threads of Node's
   * pool.
   */
  encoders?: number | Gate;
  /** The same of input files uploaded; each is in memory meanwhile. Default 4. */
  uploads?: number | Gate;
  /** Attempts of one job, the first included. Default 3. */
  maxAttempts?: number;
  /** Time for one prediction; see `timeoutAction`. Default 600,000. */
  timeoutMs?: number;
  /**
   * Time that a create request may wait for its result, at most 60,000; 0: no wait. Default 60,000.
   */
  waitMs?: number;
  /**
   * Longest time for which jobs wait for a service, or a host of files, that does not respond.
   * Default 2,700,000.
   */
  maxOutageMs?: number;
}

/** The treatment of jobs and models that fail. */
export interface Recovery {
  /**
   * Cancel a prediction that runs out of time, or leave it for a later run to fetch. Default
   * `cancel`.
   */
  timeoutAction?: 'cancel' | 'leave';
  /**
   * Requests to try, in order, if a plan's own model fails for good. Called for every job, so keep
   * it quick. Default: none.
   */
  fallbacksOf?: (plan: Plan) => readonly PricedRequest[];
  /**
   * Consecutive failures that pause a model for a minute; then one job tries it. Refused prompts
   * and invalid inputs do not count. 0: never; or a breaker, which other runs share. Default 20.
   */
  breakerFailures?: number | Breaker;
  /**
   * Rounds at the end for jobs that failed and may succeed if run again, each with `maxAttempts`
   * new attempts. Default 0.
   */
  recoveryRounds?: number;
  /** Pause before each such round. Default 10,000. */
  recoveryDelayMs?: number;
  /**
   * Time for which the prediction of a lost create request is looked for, from the request, at
   * least. Default 128,000.
   */
  lookForMs?: number;
  /**
   * Make, and pay for, an image again if the service has deleted its output, or if an earlier run
   * could not find out if it was made. Default false.
   */
  repay?: boolean;
  /**
   * Start further jobs after one has failed for good; false: as if `stop` had emitted then. Default
   * true.
   */
  continueOnError?: boolean;
}

/** The destinations of files, and the metadata written into them. */
export interface Outputs {
  /** Absolute path of the run folder. */
  folder: string;
  /**
   * Further destinations of finished images. A job counts as saved once its images are at all of
   * them. Default: none.
   */
  destinations?: readonly Destination[];
  /**
   * Changes each original between download and save; see `Transform`. If it fails, the job fails,
   * and the downloaded file is kept as `….untransformed`. Default: none.
   */
  transform?: Transform;
  /** Rates images before they are delivered and their jobs count as saved. Default: none. */
  rate?: ImageRater;
  /** The amount of provenance in an image's own metadata. Default `full`. */
  provenance?: ProvenanceLevel;
  /**
   * Signs each JPEG and PNG, originals and renditions: `createPictureSigner({ … })`. Default: no
   * signature.
   */
  sign?: PictureSigner | null;
  /**
   * Also store unchanged originals in `originals/`; ignored if nothing is written into images.
   * Default false.
   */
  keepOriginals?: boolean;
}

/** The hooks of a run, which it calls as it goes. It awaits the Observables that they return. */
export interface Hooks {
  /** Receives every event; errors it throws are ignored. Default: no-op. */
  emit?: EmitEvent;
  /**
   * Called for each prediction that runs out of time; errors it throws are ignored. Default: no-op.
   */
  onTimeout?: (timedOut: TimedOutPrediction) => void;
  /**
   * Returns true if a job needs no more work. Called for every plan, so keep it quick. Default: the
   * journal has it as saved.
   */
  isDone?: (plan: Plan) => boolean;
  /**
   * Returns the part of a job's cost that earlier runs have counted, in US dollars; Infinity for
   * all of it. Asked for once the outcome is stored. Default 0.
   */
  paidBeforeUsd?: (outcome: Outcome) => number;
  /** Create predictions without awaiting them; a later run collects them. Default false. */
  detached?: boolean;
  /**
   * Called with each plan of a detached run right before its create request; must store the plan
   * for `collect`. Default: no-op.
   */
  beforeCreate?: (plan: Plan) => Observable<unknown>;
  /**
   * Returns the paths of the files that the earlier outcome of the same request names: only those
   * may be replaced. Called if a file is in the way. Default: none.
   */
  filesOf?: (plan: Plan) => Promise<readonly string[]>;
  /** Stores each outcome before it counts as saved: sidecar, manifest. Default: no-op. */
  persist?: (outcome: Outcome) => Observable<unknown>;
  /** Called after an outcome is recorded as saved; free its local files here. Default: no-op. */
  afterSaved?: (outcome: Outcome) => Observable<unknown>;
  /** Called with the plan of each failed job, before its outcome counts. Default: no-op. */
  onFailed?: (plan: Plan) => Observable<unknown>;
  /**
   * Receives each outcome as it is emitted. The job stays in flight until the Observable completes,
   * so a slow consumer holds the run back. Default: no-op.
   */
  handOver?: (outcome: Outcome) => Observable<unknown>;
  /**
   * Returns the URL to which the service announces the end of a plan's prediction. `attemptId`
   * distinguishes its attempts: put it into the query. Default: no announcement.
   */
  webhookUrlOf?: (plan: Plan, attemptId: string) => string;
}

/** The ways to end a run early. */
export interface Control {
  /** Starts no new job once it emits; jobs in flight are finished. Default: never. */
  stop?: Observable<unknown>;
  /** Cancels predictions in flight when it emits; let `stop` emit too. Default: never. */
  cancel?: Observable<unknown>;
  /**
   * Pauses the run while its newest value is true: no attempt begins, and predictions in flight are
   * finished. Emits its value on subscription; if it completes, the run continues. Default: false.
   */
  paused?: Observable<boolean>;
}

/** Time and chance, which tests replace. */
export interface Clock {
  /** Clock of all waits. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
  /** 0…1, for jitter. Default Math.random. */
  random?: () => number;
}

/** The configuration of `generate`: one flat object, declared by role. */
export interface GenerateConfig extends Services, Limits, Recovery, Outputs, Hooks, Control, Clock {}
