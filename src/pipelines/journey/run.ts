import type { Observable } from 'rxjs';
import type { Cached, SingleFlight } from '../../operators/cachedBy.ts';
import type { Breaker } from '../../operators/circuitBreaker.ts';
import type { Gate } from '../../operators/gate.ts';
import type { ClaimedIds } from '../../operators/predictions/adoptPrediction.ts';
import type { Destination, ProviderAnswers } from '../../ports.ts';
import type { InputFile } from '../../types.ts';
import type { Clock, Control, Hooks, Limits, Outputs, Recovery, Services } from './config.ts';
import type { Originals, PostponedJob } from './job.ts';
import type { ProvenanceWriters } from './provenance.ts';

/**
 * How long after a prediction its input and output can still be had. The service keeps them for an hour; this is a
 * little less, as clocks differ and files are still to be fetched.
 */
export const OUTPUT_LIFETIME_MS = 55 * 60_000;

/** The ports of a run, all there. */
export type RunServices = Readonly<Required<Omit<Services, 'answers'>>> & {
  /** The provider's own, with those of the configuration laid over them. */
  readonly answers: ProviderAnswers;
};

/** What the jobs of a run share so that nothing is made, sent or paid for twice. */
export interface Shared {
  /** Predictions that a job of this folder has, so that no other adopts them. */
  readonly claims: ClaimedIds;
  /** Results that are being made for a job, and may serve identical ones. */
  readonly flights: SingleFlight<Cached<Originals>>;
  /** Null if no model is ever paused. */
  readonly breaker: Breaker | null;
  /** Emits what a request names a file by, once the service has the file. */
  readonly addressOf: (file: InputFile) => Observable<string>;
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
  /** Whether a job's next attempt keeps its slot, instead of going to the end of the line. */
  readonly retriesInPlace: boolean;
}

export type RunRecovery = Readonly<Required<Omit<Recovery, 'breakerFailures'>>>;

/** Where a run's files go, and what writes into them. */
export interface RunOutputs extends Readonly<Required<Pick<Outputs, 'folder' | 'keepOriginals'>>> {
  /** Further places for finished images, and how many deliveries each takes at a time. */
  readonly destinations: readonly GatedDestination[];
  /** Writes into images where they are from; null if nothing does. */
  readonly provenanceWriters: ProvenanceWriters | null;
}

/** A destination behind its own gate: a slow one holds back only itself. */
export interface GatedDestination {
  readonly destination: Destination;
  readonly slots: Gate;
}

export type RunHooks = Readonly<Required<Omit<Hooks, 'webhookUrlOf'>>> &
  Readonly<Pick<Hooks, 'webhookUrlOf'>>;

export type RunControl = Readonly<Required<Control>>;

export interface RunClock extends Readonly<Required<Clock>> {
  /** ms since 1970. */
  readonly startedAtMs: number;
}

/** The part of a run that changes while it goes on. Made in one place, `createRun`. */
export interface RunState {
  /** Jobs that failed in this round and get another turn in the next, by index. */
  postponed: Map<number, PostponedJob>;
  /** Rounds that may follow the present one. */
  roundsLeft: number;
  /** Whether the run was told to stop: waiting jobs start nothing any more. */
  readonly isStopped: boolean;
  /** What becomes the run's error once all jobs in flight are finished; null: nothing. */
  readonly fault: unknown;
  /**
   * Stops the run because of one of its jobs. `fault` is what the service said to that job, if it concerns all of them;
   * null: nothing.
   */
  halt(fault: unknown): void;
}

/** Groups that stages read together with `RunState`. */
export interface Stateful {
  readonly state: RunState;
}

/**
 * A run in progress: its configuration with every default in place, and what all its jobs share. Stages do not take it:
 * they name the groups that they read.
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
