import type { RenditionSpec, Strategy } from '../../../src/types.ts';
import type { OutputKind } from '../service/outputs.ts';
import type { Input } from './input.ts';
import type { Crash } from './machine.ts';

/** The faults of a world: how often each strikes, 0…1. */
export interface FaultRates {
  /** No connection can be made. */
  readonly refused: number;
  /** A create request is lost on its way to the service. */
  readonly lostThere: number;
  /** The response to a create request is lost. */
  readonly lostBack: number;
  /** A create request arrives after its connection broke. */
  readonly arrivesLate: number;
  /** A gateway responds with 502 instead of the service, which has had the request or not. */
  readonly gateway: number;
  /** A response that cannot be read. */
  readonly unreadable: number;
  /** The response to a create request belongs to another one. */
  readonly foreign: number;
  /** A response never comes. */
  readonly silent: number;
  /** A 5xx of the service itself to any request. */
  readonly serverError: number;
  /** A read is lost. */
  readonly lostRead: number;
  /** A prediction fails by a fault of the platform. */
  readonly platformFault: number;
  /** A prediction is refused by its model. */
  readonly safety: number;
  /** A prediction never ends by itself. */
  readonly stuck: number;
  /** A download is cut, or gets a 5xx. */
  readonly download: number;
  /** A webhook is lost, comes twice, or late. */
  readonly webhook: number;
  /** A write or flush is slow. */
  readonly slowDisk: number;
  /** The disk is full for a write. */
  readonly fullDisk: number;
}

/** Everything that is drawn for a world before it begins. */
export interface WorldConfig {
  readonly seed: number;
  /** `engine`: `generate` over a real journal; `folder`: all of `runToFolder`. */
  readonly level: 'engine' | 'folder';
  readonly jobs: number;
  /** Some jobs ask for the same. */
  readonly equalPrompts: boolean;
  readonly seeds: boolean;
  readonly outputs: number;
  readonly outputKind: OutputKind;
  /** SQLite writes its files on the disk itself; else it is in memory, and whole or not there. */
  readonly sqliteFiles: boolean;
  readonly faults: FaultRates;
  /** Processes that end by a crash before the last one. */
  readonly crashes: number;
  /** Part of the crashes that are power cuts. */
  readonly powerCuts: number;
  /** Longest time that the list takes to show a prediction. */
  readonly listLagMs: number;
  /** All predictions take the same time to be listed. */
  readonly evenLag: boolean;
  readonly pageSize: number;
  readonly listShowsInput: boolean;
  readonly echoesDefaults: boolean;
  readonly showsDeadline: boolean;
  /** Predictions of others in the same account. */
  readonly strangers: number;
  /** Create requests a minute that the service accepts; 0: any number. */
  readonly servicePerMinute: number;
  readonly namesLimits: boolean;
  /** Times at which the account has no credit, and at which the service is away. */
  readonly noCredit: readonly [fromMs: number, toMs: number] | null;
  readonly outage: readonly [fromMs: number, toMs: number] | null;
  /** Clocks: that of the service, and of the machine against true time. */
  readonly serviceAheadMs: number;
  /** The clock of the gateway, which dates responses, against the service's. */
  readonly gatewayAheadMs: number;
  readonly machineAheadMs: number;
  readonly machineDrift: number;
  readonly clockSteps: readonly { readonly atMs: number; readonly byMs: number }[];
  readonly run: RunChoices;
  /** The settings of every other process before the last ones. Null: those of all. */
  readonly otherRun: RunChoices | null;
  /** Folders of runs that share a cache; processes use them in turn. */
  readonly folders: 1 | 2;
  readonly cache: boolean;
  /** How often a second process starts while one runs, 0…1. */
  readonly twins: number;
  /** The input changes between processes. */
  readonly changesInput: boolean;
  /** Longest pause between two processes. */
  readonly pauseMs: number;
  /** The work of the processes before the last ones, if that is not drawn. */
  readonly script: readonly ScriptedProcess[] | null;
}

/** A process whose input and end are given. */
export interface ScriptedProcess {
  readonly input: Input;
  /** Null: it comes to its end. */
  readonly crash: Crash | null;
}

/** The settings of the runs of a world. */
export interface RunChoices {
  readonly strategy: Strategy;
  readonly concurrency: number;
  readonly ratePerMinute: number;
  readonly waitMs: number;
  readonly webhooks: boolean;
  readonly timeoutMs: number;
  readonly timeoutAction: 'cancel' | 'leave';
  readonly maxAttempts: number;
  readonly recoveryRounds: number;
  readonly fallback: boolean;
  readonly budgetJobs: number | null;
  readonly renditions: readonly RenditionSpec[];
  /** Thumbnails, a gallery and a contact sheet, and metadata in the pictures themselves. */
  readonly shows: boolean;
  readonly sidecars: boolean;
  /** Pictures go to a further folder. */
  readonly delivers: boolean;
  /** A run is stopped, or stopped and cancelled, before it is done. */
  readonly stops: boolean;
  readonly cancels: boolean;
}

export const noFaults: FaultRates = {
  refused: 0,
  lostThere: 0,
  lostBack: 0,
  arrivesLate: 0,
  gateway: 0,
  unreadable: 0,
  foreign: 0,
  silent: 0,
  serverError: 0,
  lostRead: 0,
  platformFault: 0,
  safety: 0,
  stuck: 0,
  download: 0,
  webhook: 0,
  slowDisk: 0,
  fullDisk: 0,
};

/** The model's price of an image, in millionths of a US dollar. */
export const PRICE_MICRO_USD = 25_000;
