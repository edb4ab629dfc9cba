import type { Observable, Subject } from 'rxjs';
import type { Cached, SingleFlight } from '../../operators/cachedBy.ts';
import type { Gate } from '../../operators/gate.ts';
import type { Breaker } from '../../operators/pace/circuitBreaker.ts';
import type { Outage } from '../../operators/pace/outage.ts';
import type { Destination, ProviderAnswers } from '../../ports.ts';
import type { InputFile, Transform } from '../../types.ts';
import type { Clock, Control, Hooks, Limits, Outputs, Recovery, Services } from './config.ts';
import type { Originals, PostponedJob } from './job.ts';
import type { ProvenanceWriters } from './provenance.ts';
import type { OutputsText } from './textOutputs.ts';

/**
 * The time for which the input and output of a prediction are available, from its end. The service
 * keeps them for an hour; this is a little less, as clocks differ and files are still to be
 * downloaded.
 */
export const OUTPUT_LIFETIME_MS = 55 * 60_000;

/** The ports of a run, with defaults in place of absent ones. */
export type RunServices = Readonly<Required<Omit<Services, 'answers'>>> & {
  /** The provider's own, with those of the configuration laid over them. */
  readonly answers: ProviderAnswers;
};

/** The services that have a default, with it in their place. */
export type RunPorts = Required<
  Pick<Services, 'downloader' | 'renderer' | 'journal' | 'ledger' | 'governor'>
>;

/** The state that jobs of a run share, so that nothing is made, sent or paid for twice. */
export interface Shared {
  /** Results in flight, which identical jobs share. */
  readonly flights: SingleFlight<Cached<Originals>>;
  /** Null if no model is ever paused. */
  readonly breaker: Breaker | null;
  /** Emits the address by which requests name a file, once the service has the file. */
  readonly addressOf: (file: InputFile) => Observable<string>;
  /** Resolves with true if the model of a prediction may emit texts. */
  readonly outputsText: OutputsText;
  /** The state of a host of files that may be away. */
  readonly fileOutage: Pick<Outage, 'isAway' | 'began'>;
}

/** The limits of a run, with the gates made from them. */
export interface RunLimits
  extends Readonly<
    Required<Pick<Limits, 'strategy' | 'waveSize' | 'wavePauseMs' | 'maxAttempts' | 'timeoutMs' | 'waitMs'>>
  > {
  /** Jobs in flight, from the create request to the last rendition. */
  readonly journeys: number;
  /** Predictions in flight. */
  readonly slots: Gate;
  /** Downloads in flight. */
  readonly downloads: Gate;
  /** Originals being decoded and encoded. */
  readonly encoders: Gate;
  /** True if a job's next attempt keeps its slot, instead of going to the end of the line. */
  readonly retriesInPlace: boolean;
}

/** The recovery settings of a run, with defaults. */
export type RunRecovery = Readonly<Required<Omit<Recovery, 'breakerFailures' | 'lookForMs'>>>;

/** The destinations of a run's files, and the writers of their provenance. */
export interface RunOutputs
  extends Readonly<Required<Pick<Outputs, 'folder' | 'keepOriginals' | 'provenance'>>> {
  /** Changes originals before they are saved; null: they stay as they are. */
  readonly transform: Transform | null;
  /** Rates images; null: they have no score. */
  readonly rate: NonNullable<Outputs['rate']> | null;
  /** True if images are signed. */
  readonly isSigned: boolean;
  /** Further destinations of finished images, each behind its own gate. */
  readonly destinations: readonly GatedDestination[];
  /** Embeds provenance into images; null: images stay as they are. */
  readonly provenanceWriters: ProvenanceWriters | null;
}

/** A destination behind its own gate: a slow one holds back only itself. */
export interface GatedDestination {
  readonly destination: Destination;
  readonly slots: Gate;
}

/** The hooks of a run, with defaults. */
export type RunHooks = Readonly<Required<Omit<Hooks, 'webhookUrlOf'>>> &
  Readonly<Pick<Hooks, 'webhookUrlOf'>>;

/** The signals that end a run early, with defaults. */
export type RunControl = Readonly<Required<Control>>;

/** The clock of a run, with defaults. */
export interface RunClock extends Readonly<Required<Clock>> {
  /** Start of the run, by its scheduler. */
  readonly startedAtMs: number;
}

/** The part of a run that changes. Made in one place, `createRun`. */
export interface RunState {
  /** Jobs that failed in this round and get another turn in the next, by index. */
  postponed: Map<number, PostponedJob>;
  /**
   * Emits the index of each job whose create request was lost: it leaves its place in the feed, so
   * that the other jobs continue.
   */
  readonly leftFeed: Subject<number>;
  /** Rounds that may follow the current one. */
  roundsLeft: number;
  /** True once the run is stopped: waiting jobs start nothing any more. */
  readonly isStopped: boolean;
  /** The error that the run emits once all jobs in flight are finished; null: none. */
  readonly fault: unknown;
  /**
   * Stops the run because of one of its jobs. `fault` is that job's error, if it concerns all jobs;
   * null: none.
   */
  halt(fault: unknown): void;
}

/** The changing part of a run, as a group that stages read. */
export interface Stateful {
  readonly state: RunState;
}

/**
 * A run in progress: its configuration with every default in place, and the state that all its jobs
 * share. Stages do not take it: they name the groups that they read.
 */
export interface Run
  extends RunServices,
    Shared,
    RunLimits,
    RunRecovery,
    RunOutputs,
    RunHooks,
    RunControl,
    RunClock,
    Stateful {}
