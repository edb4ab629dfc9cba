import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { CutState } from './powercut/cutWorld.ts';
import type { WorldConfig } from './world/worldConfig.ts';

/** The work of a worker. */
export interface Work {
  /** The seeds to run, in place of `first`, `step` and `count`. Default: none. */
  readonly seeds?: readonly number[] | undefined;
  /** The states after power cuts to run, in place of seeds. Default: none. */
  readonly states?: readonly CutState[] | undefined;
  /** The worlds to run, in place of seeds. Default: none. */
  readonly configs?: readonly WorldConfig[] | undefined;
  /** Crashes of each world, in place of those that its seed draws. Default: those. */
  readonly crashes?: number | undefined;
  readonly first: number;
  readonly step: number;
  readonly count: number;
  /** Real time, ms since 1970, at which it begins no further world. */
  readonly untilMs: number;
  /** Failures to shrink, at most. */
  readonly shrinks: number;
  readonly keepsLog: boolean;
}

/** A world that a worker has run. */
export interface WorldLine {
  readonly seed: number;
  readonly level: string;
  readonly problems: readonly string[];
  readonly crashes: number;
  readonly contacts: number;
  readonly made: number;
  readonly virtualMs: number;
  /** The log, and the shortest history of a failure; null if neither was asked for. */
  readonly history: string | null;
}

export interface WorkersConfig extends Partial<Omit<Work, 'step'>> {
  readonly workers?: number;
  /** The mutant whose change the code gets. Default: none. */
  readonly mutant?: string | undefined;
  readonly onWorld?: (world: WorldLine) => void;
  /** Ends all workers at the first failure. Default false. */
  readonly stopsAtFailure?: boolean;
}

/** The sums of many worlds. */
export interface Totals {
  worlds: number;
  crashes: number;
  contacts: number;
  made: number;
  virtualMs: number;
  readonly failures: WorldLine[];
}

/** Worlds that one process runs: each leaves some megabytes in its memory. */
const WORLDS_OF_A_PROCESS = 100;

/** Runs worlds in processes of their own, each with every n-th seed. */
export async function runWorkers(config: WorkersConfig): Promise<Totals> {
  const {
    workers = 1,
    first = 1,
    count = 100,
    shrinks = 1,
    keepsLog = false,
    mutant,
    stopsAtFailure,
  } = config;
  const { seeds, states, configs, crashes, untilMs = Number.MAX_SAFE_INTEGER, onWorld = () => {} } = config;
  const given = seeds ?? states ?? configs;
  const totals: Totals = { worlds: 0, crashes: 0, contacts: 0, made: 0, virtualMs: 0, failures: [] };
  const stop = new AbortController();
  const note = (world: WorldLine) => {
    totals.worlds += 1;
    totals.crashes += world.crashes;
    totals.contacts += world.contacts;
    totals.made += world.made;
    totals.virtualMs += world.virtualMs;
    if (world.problems.length > 0) totals.failures.push(world);
    onWorld(world);
    if (stopsAtFailure === true && world.problems.length > 0) stop.abort();
  };
  const run = async (number: number) => {
    const share = Math.ceil((count - number) / workers);
    const isOwn = (_: unknown, at: number) => at % workers === number;
    const work: Work = {
      seeds: seeds?.filter(isOwn),
      states: states?.filter(isOwn),
      configs: configs?.filter(isOwn),
      crashes,
      first: first + number,
      step: workers,
      count: share,
      untilMs,
      shrinks,
      keepsLog,
    };
    if (given !== undefined) return runWorker(work, mutant, note, stop.signal);
    for (let done = 0; done < share && Date.now() < untilMs && !stop.signal.aborted; ) {
      const some = Math.min(WORLDS_OF_A_PROCESS, share - done);
      const part = { ...work, first: work.first + done * workers, count: some };
      await runWorker(part, mutant, note, stop.signal);
      done += some;
    }
  };
  await Promise.all(
    Array.from({ length: Math.min(workers, given?.length ?? count) }, (_, number) => run(number)),
  );
  return totals;
}

async function runWorker(
  work: Work,
  mutant: string | undefined,
  note: (world: WorldLine) => void,
  signal: AbortSignal,
): Promise<void> {
  const path = fileURLToPath(new URL('worker.ts', import.meta.url));
  const flags = ['--max-semi-space-size=32', '--disable-warning=ExperimentalWarning'];
  const child = spawn(process.execPath, [...flags, path, JSON.stringify(work)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, SIMULATED_MUTANT: mutant ?? '' },
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  signal.addEventListener('abort', () => child.kill(), { once: true });
  for await (const line of createInterface({ input: child.stdout })) note(JSON.parse(line));
  const code = await ended;
  if (code !== 0 && !signal.aborted) throw new Error(`A worker of the simulation ended with ${code}`);
}
