import type { CutPart } from '../disk/cutPower.ts';
import { drawWorld, RENDITIONS } from '../world/drawWorld.ts';
import type { Crash } from '../world/machine.ts';
import { noFaults, type ScriptedProcess, type WorldConfig } from '../world/worldConfig.ts';

/** A moment of a run, and the content of the disk then. */
export interface CutState {
  readonly scene: Scene;
  /** How far its process had come, 0…1. */
  readonly share: number;
  readonly part: CutPart;
  /** The same of the run that resumes it: its power is cut, too. Null: it is not. */
  readonly again: { readonly share: number; readonly part: CutPart } | null;
  /** Seed of the random parts. */
  readonly seed: number;
}

/**
 * The run whose power is cut: the `first` one of a folder; one that resumes a run that was
 * `killed`; one whose input has `changed`, so that files move; one that rebuilds a `damaged`
 * database.
 */
export type Scene = (typeof scenes)[number];

export const scenes = ['first', 'killed', 'changed', 'damaged'] as const;

const FIRST = [0, 1, 2, 1];
/** One of the first is dropped, the order is another one, and there are two more. */
const CHANGED = [3, 2, 1, 0, 4];

/** Where a first run has some jobs saved, and others in flight. */
const KILLED_AT = 700;
const DATABASE = '/out/run.sqlite';

/** Returns the processes of a state; `contacts` are those of the process that is cut. */
function scriptOf({ scene, share, part, again }: CutState, contacts: number): ScriptedProcess[] {
  const cut: Crash = { kind: 'powerCut', part, atContact: 1 + Math.floor(share * contacts) };
  const input = scene === 'changed' ? CHANGED : FIRST;
  const before: Readonly<Record<Scene, readonly ScriptedProcess[]>> = {
    first: [],
    killed: [{ input: FIRST, crash: { kind: 'kill', atContact: KILLED_AT } }],
    changed: [{ input: FIRST, crash: null }],
    damaged: [{ input: FIRST, crash: { kind: 'kill', atContact: KILLED_AT, damages: DATABASE } }],
  };
  const second: Crash | null = again && {
    kind: 'powerCut',
    part: again.part,
    atContact: 1 + Math.floor((again.share * contacts) / 2),
  };
  return [...before[scene], { input, crash: cut }, ...(second === null ? [] : [{ input, crash: second }])];
}

/** Returns the world of a state: all that a run writes, to a disk on which SQLite writes its own. */
export function worldOfState(state: CutState, contacts: number): WorldConfig {
  const script = scriptOf(state, contacts);
  return { ...plainWorld(state.seed), crashes: script.length, script };
}

/** Returns the world of a scene in which nothing is cut, to see how long its process is. */
export function uncutWorld(scene: Scene): WorldConfig {
  const state: CutState = { scene, share: 0, part: 'any', again: null, seed: 1 };
  const script = scriptOf(state, 1).map((process, at, all) =>
    at === all.length - 1 ? { ...process, crash: null } : process,
  );
  return { ...plainWorld(1), crashes: script.length, script };
}

/** Returns a world in which nothing goes wrong by chance. */
export function plainWorld(seed: number): WorldConfig {
  const drawn = drawWorld(seed);
  return {
    ...drawn,
    level: 'folder',
    seeds: true,
    outputs: 1,
    outputKind: 'picture',
    sqliteFiles: true,
    faults: noFaults,
    powerCuts: 1,
    listLagMs: 0,
    pageSize: 100,
    listShowsInput: true,
    strangers: 0,
    servicePerMinute: 0,
    noCredit: null,
    outage: null,
    machineAheadMs: 0,
    machineDrift: 0,
    clockSteps: [],
    pauseMs: 5_000,
    otherRun: null,
    folders: 1,
    cache: false,
    twins: 0,
    run: {
      ...drawn.run,
      strategy: 'stream',
      concurrency: 3,
      ratePerMinute: 6_000,
      waitMs: 60_000,
      webhooks: false,
      timeoutMs: 600_000,
      timeoutAction: 'cancel',
      maxAttempts: 3,
      recoveryRounds: 0,
      fallback: false,
      budgetJobs: null,
      stops: false,
      cancels: false,
      shows: true,
      sidecars: true,
      delivers: false,
      renditions: RENDITIONS,
    },
  };
}
