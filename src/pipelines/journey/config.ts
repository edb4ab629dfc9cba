import type { Observable, SchedulerLike } from 'rxjs';
import type { EmitEvent } from '../../events/runEvent.ts';
import type { Gate } from '../../operators/gate.ts';
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
import type { Outcome, Plan, PricedRequest, ProvenanceLevel, Strategy } from '../../types.ts';

/** The ports of a run: everything that touches the world, so a test or a bigger engine can stand in. */
export interface Services {
  provider: Provider;
  downloader: Downloader;
  renderer: Renderer;
  journal: Journal;
  ledger: Ledger;
  governor: Governor;
  /** Read predictions in another way than the provider does; laid over its own `answers`. Default: none. */
  answers?: Partial<ProviderAnswers>;
  /** Learns the states of open predictions. Default: a poller that asks the list for all of them at once. */
  follower?: Follower;
  /** Results of earlier runs, asked for plans that have a `resultKey`. Default: none. */
  cache?: ResultCache;
}

/** How much a run does at a time, how often, and how long it waits. */
export interface Limits {
  /** How jobs are fed. Default `stream`. */
  strategy?: Strategy;
  /**
   * Predictions in flight. Default 10; 100 with the strategy `parallel`, always 1 with `sequential`. `auto` (with
   * `stream`): learned while the run goes on, at most 64.
   */
  concurrency?: number | 'auto';
  /** Slots of predictions in flight, if you share them with other work. Default: `concurrency` slots of the run's own. */
  slots?: Gate;
  /** Jobs in a wave, with the strategy `waves`. Default: as many as predictions may be in flight. */
  waveSize?: number;
  /** Pause between waves. Default 1,000. */
  wavePauseMs?: number;
  /** Originals downloaded at a time. Default 16. */
  downloads?: number;
  /** Originals rendered at a time. Default: one a core, as far as Node's pool has threads. */
  encoders?: number;
  /** Input files uploaded at a time; each is in memory meanwhile. Default 4. */
  uploads?: number;
  /** Attempts of one job, the first included. Default 3. */
  maxAttempts?: number;
  /** Time for one prediction; see `timeoutAction`. Default 600,000. */
  timeoutMs?: number;
  /** How long a create request may wait for its result, at most 60,000; 0: not at all. Default 60,000. */
  waitMs?: number;
}

/** What happens to a job or a model that fails. */
export interface Recovery {
  /** What happens to a prediction that runs out of time: cancelled, or left for a later run to fetch. Default `cancel`. */
  timeoutAction?: 'cancel' | 'leave';
  /**
   * Requests to try, in order, if a plan's own model fails for good. Called for every job, so keep it quick.
   * Default: none.
   */
  fallbacksOf?: (plan: Plan) => readonly PricedRequest[];
  /**
   * Consecutive failures that pause a model for a minute; then one job tries it. Refused prompts and invalid inputs do
   * not count. 0: never. Default 20.
   */
  breakerFailures?: number;
  /**
   * Rounds at the end for jobs that failed and may succeed if run again, each with `maxAttempts` new attempts. Default 0.
   */
  recoveryRounds?: number;
  /** Pause before each such round. Default 10,000. */
  recoveryDelayMs?: number;
  /** Make, and pay for, an image again if the service has deleted its output. Default false. */
  repay?: boolean;
  /** Start further jobs after one has failed for good; false: as if `stop` had emitted then. Default true. */
  continueOnError?: boolean;
}

/** Where files go, and what is written into them. */
export interface Outputs {
  /** Absolute path of the run folder. */
  folder: string;
  /** Further places for finished images; a job counts as saved once its images are at all of them. Default: none. */
  destinations?: readonly Destination[];
  /** How much an image's own metadata says about its origin. Default `full`. */
  provenance?: ProvenanceLevel;
  /** Signs each JPEG and PNG, originals and renditions: `createPictureSigner({ … })`. Default: nothing is signed. */
  sign?: PictureSigner | null;
  /** Also keep originals in `originals/`, unchanged; ignored if nothing is written into them. Default false. */
  keepOriginals?: boolean;
}

/** What a run calls. The run awaits the Observables that its hooks return. */
export interface Hooks {
  /** Receives every event; errors it throws are ignored. Default: no-op. */
  emit?: EmitEvent;
  /** Called for each prediction that runs out of time; errors it throws are ignored. Default: no-op. */
  onTimeout?: (timedOut: TimedOutPrediction) => void;
  /** Whether a job needs no more work. Called for every plan, so keep it quick. Default: what the journal has as saved. */
  isDone?: (plan: Plan) => boolean;
  /** Whether an earlier run has paid for a saved job, so that it costs nothing now. Default: never. */
  isPaidBefore?: (outcome: Outcome) => boolean;
  /** Create predictions but do not await them: a later run collects them. Default false. */
  detached?: boolean;
  /** Called with each plan of a detached run before its create request; must store the plan for `collect`. Default: no-op. */
  beforeCreate?: (plan: Plan) => Observable<unknown>;
  /** Stores each outcome before it counts as saved: sidecar, manifest. Default: no-op. */
  persist?: (outcome: Outcome) => Observable<unknown>;
  /** Called after an outcome is recorded as saved; free its local files here. Default: no-op. */
  afterSaved?: (outcome: Outcome) => Observable<unknown>;
  /** Called with the plan of each failed job, before its outcome counts. Default: no-op. */
  onFailed?: (plan: Plan) => Observable<unknown>;
  /**
   * Receives each outcome as it is emitted. The job stays in flight until the Observable completes, so a slow consumer
   * holds the run back. Default: no-op.
   */
  handOver?: (outcome: Outcome) => Observable<unknown>;
  /** Where the service should announce the end of a plan's prediction. Default: nowhere. */
  webhookUrlOf?: (plan: Plan) => string;
}

/** How you end a run early. */
export interface Control {
  /** When it emits, no new job starts; jobs in flight are finished. Default: never. */
  stop?: Observable<unknown>;
  /** When it emits, predictions in flight are cancelled at the service. Let `stop` emit too. Default: never. */
  cancel?: Observable<unknown>;
}

/** Time and chance, which tests replace. */
export interface Clock {
  /** Clock of all waits. Default asyncScheduler. */
  scheduler?: SchedulerLike;
  /** 0…1, for jitter. Default Math.random. */
  random?: () => number;
}

/** What `generate` takes: one flat object, declared by role. */
export interface GenerateConfig extends Services, Limits, Recovery, Outputs, Hooks, Control, Clock {}

/** A prediction that was not final in time. */
export interface TimedOutPrediction {
  readonly plan: Plan;
  readonly predictionId: string;
  /** Since its create request was sent. */
  readonly waitedMs: number;
  readonly action: 'cancel' | 'leave';
}
