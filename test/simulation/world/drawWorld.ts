import type { RenditionSpec, Strategy } from '../../../src/types.ts';
import { createChance } from './chance.ts';
import { type FaultRates, noFaults, type RunChoices, type WorldConfig } from './worldConfig.ts';

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

/**
 * Faults that runs of two folders with the same requests cannot attribute: a response to another
 * request, and a failed prediction.
 */
const INDISTINCT = { foreign: 0, platformFault: 0, safety: 0, stuck: 0 };

/** Draws a world from its seed. Each feature is absent in most worlds, so that few mix at a time. */
export function drawWorld(seed: number): WorldConfig {
  const chance = createChance(seed);
  const has = (kind: string, rate: number) => chance.strikes(`world.${kind}`, rate);
  const between = (kind: string, low: number, high: number) => chance.between(`world.${kind}`, low, high);
  const whole = (kind: string, low: number, high: number) => chance.whole(`world.${kind}`, low, high);
  const names = Object.keys(noFaults) as (keyof FaultRates)[];
  const rates = names.map((name) => [name, has(name, 0.3) ? between(name, MOST[name] / 3, MOST[name]) : 0]);
  const drawn: FaultRates = { ...noFaults, ...Object.fromEntries(rates) };
  const jobs = whole('jobs', 1, has('large', 0.1) ? 10 : 5);
  const span = (kind: string, rate: number, longestMs: number): readonly [number, number] | null => {
    if (!has(kind, rate)) return null;
    const fromMs = between(`${kind}From`, 0, 20_000);
    return [fromMs, fromMs + between(`${kind}For`, 500, longestMs)];
  };
  // A list may show a later prediction before an earlier one, by a minute at most.
  const evenLag = has('evenLag', 0.2);
  const hasSteps = has('steps', 0.1);
  const level = has('folder', 0.1) ? 'folder' : 'engine';
  const cache = level === 'folder' && has('cache', 0.3);
  const folders = cache && has('folders', 0.7) ? 2 : 1;
  const faults = folders === 2 ? { ...drawn, ...INDISTINCT } : drawn;
  const kinds: Picking = { has, whole, pick: chance.pick };
  const isPicture = level === 'folder' && has('pictures', 0.05);
  const run = drawRun(jobs, kinds, '');
  return {
    seed,
    level,
    jobs,
    equalPrompts: has('equal', 0.35),
    seeds: has('seeds', 0.3),
    outputs: has('outputs', 0.15) ? 2 : 1,
    outputKind: isPicture ? 'picture' : 'video',
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
    run: isPicture ? { ...run, renditions: RENDITIONS.slice(0, whole('renditions', 0, 2)) } : run,
    otherRun: has('otherRun', 0.2) ? { ...drawRun(jobs, kinds, 'other.'), budgetJobs: run.budgetJobs } : null,
    folders,
    cache,
    twins: level === 'folder' && has('twins', 0.3) ? 0.6 : 0,
    changesInput: has('changes', 0.25),
    pauseMs: has('longPause', 0.15) ? 1_500_000 : 5_000,
    script: null,
  };
}

/** Small ones. */
export const RENDITIONS: readonly RenditionSpec[] = [
  { name: 'wide', widthPx: 48, heightPx: 24, format: 'jpeg', fit: 'cover', quality: 70 },
  { name: 'tall', widthPx: 24, heightPx: 48, format: 'webp', fit: 'cover', quality: 70 },
];

interface Picking {
  has(kind: string, rate: number): boolean;
  whole(kind: string, low: number, high: number): number;
  pick<T>(kind: string, values: readonly T[]): T;
}

/** Draws the settings of runs. `name` distinguishes them from others of the same world. */
function drawRun(jobs: number, kinds: Picking, name: string): RunChoices {
  const has = (kind: string, rate: number) => kinds.has(name + kind, rate);
  const whole = (kind: string, low: number, high: number) => kinds.whole(name + kind, low, high);
  const pick = <T>(kind: string, values: readonly T[]) => kinds.pick(`world.${name}${kind}`, values);
  const strategies: readonly Strategy[] = ['stream', 'stream', 'queue', 'waves', 'sequential', 'parallel'];
  return {
    strategy: pick('strategy', strategies),
    concurrency: whole('concurrency', 1, 6),
    ratePerMinute: has('slowPace', 0.2) ? whole('pace', 3, 60) : 6_000,
    waitMs: has('wait', 0.5) ? 60_000 : 0,
    webhooks: has('webhooks', 0.2),
    timeoutMs: has('timeout', 0.3) ? whole('timeout', 3_000, 20_000) : 600_000,
    timeoutAction: pick('timeoutAction', ['cancel', 'leave']),
    maxAttempts: whole('attempts', 1, 5),
    recoveryRounds: has('recovery', 0.3) ? whole('rounds', 1, 2) : 0,
    fallback: has('fallback', 0.25),
    budgetJobs: has('budget', 0.2) ? whole('budgetJobs', 1, jobs) : null,
    renditions: [],
    shows: false,
    sidecars: has('sidecars', 0.7),
    delivers: has('delivers', 0.2),
    stops: has('stops', 0.2),
    cancels: has('cancels', 0.5),
  };
}
