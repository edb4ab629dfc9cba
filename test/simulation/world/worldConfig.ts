import type { RenditionSpec, Strategy } from '../../../src/types.ts';
import type { OutputKind } from '../service/outputs.ts';
import { createChance } from './chance.ts';
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
  /** A gateway answers 502 in place of the service, which has had the request or not. */
  readonly gateway: number;
  /** A response that cannot be read. */
  readonly unreadable: number;
  /** The response to a create request is that to another one. */
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
  /** A download is cut, or answered with a 5xx. */
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
  /** The input changes between processes. */
  readonly changesInput: boolean;
  /** Longest pause between two processes. */
  readonly pauseMs: number;
  /** What the processes before the last ones do, if that is not drawn. */
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

/** The most frequent a fault becomes. */
const MOST: FaultRates = {
  refused: 0.2,
  lostThere: 0.35,
  lostBack: 0.4,
  arrivesLate: 0.2,
  gateway: 0.4,
  unreadable: 0.3,
  foreign: 0.3,
  silent: 0.15,
  serverError: 0.2,
  lostRead: 0.2,
  platformFault: 0.3,
  safety: 0.15,
  stuck: 0.1,
  download: 0.3,
  webhook: 0.5,
  slowDisk: 0.05,
  fullDisk: 0.004,
};

/** The model's price of an image, in millionths of a US dollar. */
export const PRICE_MICRO_USD = 25_000;

/** Draws a world from its seed. Each feature is absent in most worlds, so that few mix at a time. */
export function drawWorld(seed: number): WorldConfig {
  const chance = createChance(seed);
  const has = (kind: string, rate: number) => chance.strikes(`world.${kind}`, rate);
  const between = (kind: string, low: number, high: number) => chance.between(`world.${kind}`, low, high);
  const whole = (kind: string, low: number, high: number) => chance.whole(`world.${kind}`, low, high);
  const names = Object.keys(noFaults) as (keyof FaultRates)[];
  const rates = names.map((name) => [name, has(name, 0.3) ? between(name, MOST[name] / 3, MOST[name]) : 0]);
  const faults: FaultRates = { ...noFaults, ...Object.fromEntries(rates) };
  const jobs = whole('jobs', 1, has('large', 0.1) ? 10 : 5);
  const span = (kind: string, rate: number, longestMs: number): readonly [number, number] | null => {
    if (!has(kind, rate)) return null;
    const fromMs = between(`${kind}From`, 0, 20_000);
    return [fromMs, fromMs + between(`${kind}For`, 500, longestMs)];
  };
  // A list may show a later prediction before an earlier one, by a minute at most.
  const evenLag = has('evenLag', 0.2);
  const hasSteps = has('steps', 0.1);
  return {
    seed,
    level: has('folder', 0.1) ? 'folder' : 'engine',
    jobs,
    equalPrompts: has('equal', 0.35),
    seeds: has('seeds', 0.3),
    outputs: has('outputs', 0.15) ? 2 : 1,
    outputKind: 'video',
    sqliteFiles: false,
    faults,
    crashes: has('crashes', 0.9) ? whole('crashes', 1, has('manyCrashes', 0.4) ? 10 : 4) : 0,
    powerCuts: has('power', 0.5) ? 0.5 : 0,
    listLagMs: has('lag', 0.5) ? between('lag', 0, evenLag ? 400_000 : 25_000) : 0,
    evenLag,
    pageSize: has('pages', 0.3) ? whole('pageSize', 1, 4) : 100,
    listShowsInput: has('listInput', 0.8),
    echoesDefaults: has('echo', 0.3),
    showsDeadline: has('deadline', 0.3),
    strangers: has('strangers', 0.3) ? whole('strangers', 1, 6) : 0,
    servicePerMinute: has('bucket', 0.25) ? whole('bucket', 20, 300) : 0,
    namesLimits: has('limits', 0.5),
    noCredit: span('noCredit', 0.06, 60_000),
    outage: span('outage', 0.1, 240_000),
    serviceAheadMs: has('serviceClock', 0.25) ? between('serviceClock', -300_000, 300_000) : 0,
    gatewayAheadMs: has('gatewayClock', 0.15) ? between('gatewayClock', -1_800_000, 1_800_000) : 0,
    machineAheadMs: has('clock', 0.2) ? between('clock', -600_000, 600_000) : 0,
    machineDrift: has('drift', 0.2) ? between('drift', -5e-4, 5e-4) : 0,
    clockSteps: hasSteps
      ? [{ atMs: between('stepAt', 0, 20_000), byMs: between('stepBy', -40_000, 40_000) }]
      : [],
    run: drawRun(jobs, has, whole, chance.pick),
    changesInput: has('changes', 0.25),
    pauseMs: has('longPause', 0.15) ? 1_500_000 : 5_000,
    script: null,
  };
}

function drawRun(
  jobs: number,
  has: (kind: string, rate: number) => boolean,
  whole: (kind: string, low: number, high: number) => number,
  pick: <T>(kind: string, values: readonly T[]) => T,
): RunChoices {
  const strategies: readonly Strategy[] = ['stream', 'stream', 'queue', 'waves', 'sequential', 'parallel'];
  return {
    strategy: pick('world.strategy', strategies),
    concurrency: whole('concurrency', 1, 6),
    ratePerMinute: has('slowPace', 0.2) ? whole('pace', 3, 60) : 6_000,
    waitMs: has('wait', 0.5) ? 60_000 : 0,
    webhooks: has('webhooks', 0.2),
    timeoutMs: has('timeout', 0.3) ? whole('timeout', 3_000, 20_000) : 600_000,
    timeoutAction: pick('world.timeoutAction', ['cancel', 'leave']),
    maxAttempts: whole('attempts', 1, 5),
    recoveryRounds: has('recovery', 0.3) ? whole('rounds', 1, 2) : 0,
    fallback: has('fallback', 0.25),
    budgetJobs: has('budget', 0.2) ? whole('budgetJobs', 1, jobs) : null,
    renditions: [],
    shows: false,
    stops: has('stops', 0.2),
    cancels: has('cancels', 0.5),
  };
}
