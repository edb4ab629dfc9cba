import type { Observable, SchedulerLike } from 'rxjs';
import type { EmitEvent } from '../../events/runEvent.ts';
import type { Cached, SingleFlight } from '../../operators/cachedBy.ts';
import type { Breaker } from '../../operators/circuitBreaker.ts';
import type { Gate } from '../../operators/gate.ts';
import type { ClaimedIds } from '../../operators/predictions/adoptPrediction.ts';
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
import type { InputFile, Outcome, Plan, PricedRequest, ProvenanceLevel, Strategy } from '../../types.ts';
import type { Obtained, PostponedJob } from './job.ts';
import type { ProvenanceWriters } from './provenance.ts';

/**
 * How long a service keeps outputs and answers questions about a create: an hour, less what clocks differ and a download takes.
 */
export const OUTPUT_LIFETIME_MS = 55 * 60_000;

/** What is turned into something else, and what has no default. */
type OptionalFields =
  | 'answers'
  | 'concurrency'
  | 'downloads'
  | 'encoders'
  | 'uploads'
  | 'webhookUrlOf'
  | 'detach'
  | 'destinations'
  | 'breakerFailures'
  | 'provenance'
  | 'sign';

/** A run's configuration with every default in place, and what all its jobs share. */
export interface Run extends Required<Omit<GenerateConfig, OptionalFields>> {
  /** ms since 1970. */
  readonly startedAtMs: number;
  /** Those of the provider, but for what the configuration replaces. */
  readonly answers: ProviderAnswers;
  readonly webhookUrlOf: GenerateConfig['webhookUrlOf'] | undefined;
  readonly detach: GenerateConfig['detach'] | undefined;
  /** Jobs under way at most, from the first create to the last rendition. */
  readonly journeys: number;
  /** Predictions in flight. */
  readonly slots: Gate;
  /** Downloads in flight. */
  readonly downloads: Gate;
  /** Under what a request names a file, at the moment: emits it when the service has the file. */
  readonly addressOf: (file: InputFile) => Observable<string>;
  /** Originals being decoded and encoded. */
  readonly encoders: Gate;
  /** Further places for finished pictures, and how many deliveries each takes at a time. */
  readonly destinations: readonly { readonly destination: Destination; readonly places: Gate }[];
  /** Null where a model is never left alone. */
  readonly breaker: Breaker | null;
  readonly claims: ClaimedIds;
  /** What writes into pictures where they are from; null where nothing does. */
  readonly provenanceWriters: ProvenanceWriters | null;
  /** Results that are being obtained. */
  readonly flights: SingleFlight<Cached<Obtained>>;
  /** Jobs that failed in this round and get another turn in the next, by index. */
  postponed: Map<number, PostponedJob>;
  /** Rounds that may follow the present one. */
  roundsLeft: number;
  /** Set when the run was told to stop: jobs that wait in line begin nothing any more. */
  isStopped: boolean;
  /**
   * Stops the run because of one of its jobs. What the service said to that one, if it concerns them all, is the run's
   * error when all is finished; null: nothing.
   */
  halt(fault: unknown): void;
  /** Null where the service had no objection. */
  fault: unknown;
}

/** What a run is made with. Everything that touches the world is a port, so a test or a bigger engine can stand in. */
export interface GenerateConfig {
  /** Absolute path of the run folder. */
  folder: string;
  provider: Provider;
  downloader: Downloader;
  renderer: Renderer;
  journal: Journal;
  ledger: Ledger;
  governor: Governor;
  /** Replaces members of `provider.answers`. Default: none. */
  answers?: Partial<ProviderAnswers>;
  /** How jobs are fed. Default `stream`. */
  strategy?: Strategy;
  /**
   * Predictions in flight at most. Default 10; with the strategy `parallel` 100, with `sequential` always 1. `auto` (with `stream`):
   * learnt while it runs, at most 64.
   */
  concurrency?: number | 'auto';
  /** Places of predictions in flight, where they are shared with other work. Default: `concurrency` places of the run's own. */
  slots?: Gate;
  /** Jobs of a wave, with the strategy `waves`. Default: as many as predictions may be in flight. */
  waveSize?: number;
  /** Pause between waves. Default 1,000. */
  wavePauseMs?: number;
  /** Whether jobs are begun after one has failed for good; false: as if `stop` had emitted then. Default true. */
  continueOnError?: boolean;
  /** Originals being downloaded at most. Default 16. */
  downloads?: number;
  /** Originals being turned into renditions at most. Default: one a core, as far as Node's pool has threads (`encoderConcurrency`). */
  encoders?: number;
  /** Input files being uploaded at most; each is in memory meanwhile. Default 4. */
  uploads?: number;
  /** Runs of one job at most, the first included. Default 3. */
  maxAttempts?: number;
  /** Time for one prediction; then it is cancelled. Default 600,000. */
  timeoutMs?: number;
  /**
   * What becomes of a prediction whose time is up: cancelled, or left to the service for a later run to fetch. Default `cancel`.
   */
  timeoutAction?: 'cancel' | 'leave';
  /** Told of each prediction whose time is up; whatever it does, the run goes on. Default: nobody. */
  onTimeout?: (timedOut: TimedOutPrediction) => void;
  /** How the states of open predictions are learnt. Default: a poller that asks the list for all of them at once. */
  follower?: Follower;
  /** How long a create may wait for its result, at most 60,000; 0: not at all. Default 60,000. */
  waitMs?: number;
  /** Where the service is to tell of the end of a plan's prediction. Default: nowhere. */
  webhookUrlOf?: (plan: Plan) => string;
  /**
   * Where it is given, predictions are created and left to the service; it is asked to keep each plan for whoever collects
   * them, and what it gives is awaited before the create. Default: predictions are waited for.
   */
  detach?: (plan: Plan) => Observable<unknown>;
  /** What else to try, in order, where a plan's own model fails for good. Quick: it is asked for every job. Default: nothing. */
  fallbacksOf?: (plan: Plan) => readonly PricedRequest[];
  /**
   * Failures in a row after which nothing is begun with a model for a minute; then one job tries. A refused prompt and a wrong
   * input do not count. 0: never. Default 20.
   */
  breakerFailures?: number;
  /** Told of the plan of each job that has failed, before its outcome counts. Default: nobody. */
  putAside?: (plan: Plan) => Observable<unknown>;
  /** How much pictures say of where they are from, in themselves. Default `full`. */
  provenance?: ProvenanceLevel;
  /** Signs each JPEG and PNG, originals and renditions: `createPictureSigner({ … })`. Default: nothing is signed. */
  sign?: PictureSigner | null;
  /** Whether originals are kept in `originals/` as well, as the model put them out; not where nothing is written into them. Default false. */
  keepOriginals?: boolean;
  /** Results of earlier runs; asked for plans that have a `resultKey`. Default: none are kept. */
  cache?: ResultCache;
  /**
   * How often, when all jobs have had their turn, those that failed and may succeed when run again get another one, with
   * `maxAttempts` anew. Default 0.
   */
  recoveryRounds?: number;
  /** Pause before each such round. Default 10,000. */
  recoveryDelayMs?: number;
  /** Whether to make, and pay, an image again whose output the service has already deleted. Default false. */
  repay?: boolean;
  /** Whether a job needs no more work. Quick: it is asked for every plan. Default: what the journal has as saved. */
  isDone?: (plan: Plan) => boolean;
  /** Whether an earlier run has paid for a saved job, so that it costs nothing now. Default: none. */
  isPaidBefore?: (outcome: Outcome) => boolean;
  /** Where finished pictures go besides the run folder; a job counts as saved when it is at all of them. Default: nowhere. */
  destinations?: readonly Destination[];
  /** Told of each saved outcome once the journal has it: what it needs no more may go. Default: nothing goes. */
  release?: (outcome: Outcome) => Observable<unknown>;
  /** Rests each outcome before it counts as saved: sidecar, manifest. Default: nowhere. */
  keep?: (outcome: Outcome) => Observable<unknown>;
  /**
   * Takes each outcome as it is emitted; the job keeps its place until what this gives completes, which is how whoever is slow
   * to take them holds the run back. Default: nobody is waited for.
   */
  handOver?: (outcome: Outcome) => Observable<unknown>;
  /** Told what happens; whatever it does, the run goes on. Default: nobody. */
  emit?: EmitEvent;
  /** When it emits, no new job is begun; those under way are finished. Default: never. */
  stop?: Observable<unknown>;
  /** When it emits, the predictions under way are cancelled at the service. Let `stop` emit too. Default: never. */
  cancel?: Observable<unknown>;
  /** Clock of all waits. Default asyncScheduler. */
  scheduler?: SchedulerLike;
  /** 0…1, for jitter. Default Math.random. */
  random?: () => number;
}

/** A prediction that was not final in time. */
interface TimedOutPrediction {
  readonly plan: Plan;
  readonly predictionId: string;
  /** Since its create was sent. */
  readonly waitedMs: number;
  readonly action: 'cancel' | 'leave';
}
