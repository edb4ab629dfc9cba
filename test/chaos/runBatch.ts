import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRandom } from '../../src/simulator/engine/random.ts';
import { type Simulator, type SimulatorStats, startSimulator } from '../../src/simulator/index.ts';
import type { Strategy } from '../../src/types.ts';
import { accountProblems, createDemand } from './account.ts';
import { checkFolder, readBooks } from './checkFolder.ts';
import { createWatch, type Watch } from './createWatch.ts';
import { planKill } from './planKill.ts';
import { startGenerate } from './startGenerate.ts';
import { type ChaosInput, jobsOf, type Workload } from './workloads/workload.ts';

export interface BatchConfig {
  /** Where the batch may write; there already. */
  folder: string;
  seed: number;
  workload: Workload;
  prompts: number;
  /** Kills at most; then the batch is run to its end. */
  maxKills: number;
  /** How jobs are fed. Default `stream`. */
  strategy?: Strategy;
}

/** The result of a batch that was killed and started again until it was done. */
export interface BatchReport {
  readonly workload: string;
  readonly jobs: number;
  readonly kills: number;
  readonly runs: number;
  /** How often each thing went wrong, kills aside. */
  readonly faults: ReadonlyMap<string, number>;
  readonly stats: SimulatorStats;
  /** Jobs without their pictures, whole, in the end. */
  readonly lost: number;
  /** Predictions that succeeded beyond those that were asked for, or that a proxy made. */
  readonly paidTwice: number;
  /** Predictions that belong to no job of the last input, and are listed as such. */
  readonly listed: number;
  readonly problems: readonly string[];
}

/** Speed of the simulator, which divides the lags and waits of real life. */
export const SPEED = 10;
const MEDIAN_MS = 1_500;

/**
 * One batch over one simulator: started, killed at moments that follow from the seed, started again
 * until it ends by itself, then checked to the last file and the last cent.
 */
export async function runBatch(config: BatchConfig): Promise<BatchReport> {
  const { folder, seed, workload } = config;
  const faults = new Map<string, number>();
  const onStrike = (name: string) => faults.set(name, (faults.get(name) ?? 0) + 1);
  const settings = workload.simulator?.({ seed, speed: SPEED, onStrike }) ?? {};
  const watch = createWatch();
  const simulator = await startSimulator({
    ...settings,
    faults: watch.over(settings.faults ?? {}),
    render: 'fast',
    seed,
    speed: SPEED,
    medianMs: MEDIAN_MS,
  });
  try {
    const out = join(folder, 'out');
    const ending = await runToItsEnd(config, { out, simulator, watch, onStrike });
    const { books, saved, problems } = await checkFolder(out, ending.wanted);
    const stats = simulator.stats();
    if (stats.refused429 > 0) faults.set('refusedByTheLimit', stats.refused429);
    const account = { made: watch.made(), stats };
    return {
      workload: workload.name,
      jobs: ending.wanted.length,
      kills: ending.kills,
      runs: ending.runs,
      faults,
      stats,
      lost: ending.wanted.length - saved,
      paidTwice: Math.max(0, ending.excess() - watch.repeated()),
      listed: books.unused.length + books.surplus.count,
      problems: [...ending.problems, ...problems, ...accountProblems(account, [books])],
    };
  } finally {
    await simulator.close();
  }
}

interface Stage {
  readonly out: string;
  readonly simulator: Simulator;
  readonly watch: Watch;
  readonly onStrike: (name: string) => void;
}

interface Ending extends Pick<BatchReport, 'kills' | 'runs' | 'problems'> {
  /** The prompts of the jobs that the last input asks for. */
  readonly wanted: readonly string[];
  /** Counts predictions that no input has asked for. */
  readonly excess: () => number;
}

/** Runs of a batch that come to their end by themselves, if the input changes between them. */
const REVISED_ENDS = 2;

/** Starts and kills until a run ends by itself. */
async function runToItsEnd(config: BatchConfig, { out, simulator, watch, onStrike }: Stage): Promise<Ending> {
  const { seed, prompts, maxKills, workload, folder } = config;
  const { revise, befall } = workload;
  const env = environment(simulator, folder);
  const random = createRandom(`${seed}/kills`);
  const demand = createDemand();
  let input: ChaosInput = { lines: firstLines(prompts), count: 1, limit: null };
  let kills = 0;
  let ends = 0;
  let repay: readonly string[] = [];
  let undo: (() => Promise<void>) | null = null;
  for (let runs = 1; ; runs += 1) {
    const wanted = jobsOf(input);
    demand.ask(wanted);
    const args = [...(await commandLine(config, input, out)), ...repay];
    const plan = kills < maxKills ? planKill(random, wanted.length - (await savedJobs(out))) : null;
    const run = startGenerate(args, env);
    const ending = await watch.endOf(run, plan);
    if (ending === 'killed') {
      kills += 1;
      if (revise !== undefined) input = revise(input, random);
      const misfortune = (await befall?.(out, random)) ?? null;
      if (misfortune !== null) onStrike(misfortune.name);
      undo = misfortune?.undo ?? null;
    } else if (ending === 2 && undo !== null) {
      onStrike('refused');
      await undo();
      undo = null;
    } else if (ending === 1 && runs < MOST_RUNS && (await isOnlyUncertain(out))) repay = ['--repay'];
    else if (ending === 0 && revise !== undefined && ends < REVISED_ENDS) {
      ends += 1;
      input = revise(input, random);
    } else {
      const problems = ending === 0 ? [] : [`run ${runs}: ${ending}; ${run.said().trim().slice(-500)}`];
      return { kills, runs, problems, wanted, excess: () => demand.excess(watch.made()) };
    }
  }
}

/** A batch that is not done by then hangs. */
export const MOST_RUNS = 100;

/** Returns the variables of a run: they lead it to the simulator, and keep its caches in `folder`. */
export function environment({ token, baseUrl }: Simulator, folder: string): Record<string, string> {
  return {
    REPLICATE_API_TOKEN: token,
    REPLICATE_BASE_URL: baseUrl,
    XDG_CACHE_HOME: join(folder, 'cache'),
  };
}

/**
 * Returns true if nothing failed in a batch but create requests that were lost on their way when no
 * other was sent after them: the next run looks for them again, and then makes their images.
 */
export async function isOnlyUncertain(out: string): Promise<boolean> {
  const { outcomes } = await readBooks(out);
  const errors = outcomes.filter(({ status }) => status !== 'saved').map(({ error }) => error?.code);
  return errors.length > 0 && errors.every((code) => code === 'ERR_UNCERTAIN');
}

/**
 * Every eighth prompt is the one before it again; with the seed `none`, in every second batch, they
 * are equal requests.
 */
export function firstLines(prompts: number): string[] {
  return Array.from({ length: prompts }, (_, n) => `A pear, number ${n % 8 === 7 ? n - 1 : n}`);
}

async function commandLine(
  { folder, seed, workload, strategy = 'stream' }: BatchConfig,
  { lines, count, limit }: ChaosInput,
  out: string,
): Promise<string[]> {
  const path = join(folder, 'prompts.txt');
  await writeFile(path, lines.map((line) => `${line}\n`).join(''));
  return [
    path,
    ...['--out', out, '--quiet', '--strategy', strategy],
    ...['--count', String(count)],
    ...(limit === null ? [] : ['--limit', String(limit)]),
    ...['--look-for', String(workload.lookForS ?? 1)],
    ...['--seed', seed % 2 === 0 ? 'auto' : 'none'],
    ...pace,
  ];
}

/** Flags of every run. */
export const pace = [
  ...['--concurrency', '5', '--rate', String(600 * SPEED)],
  ...['--rendition', 'tiny=8x8,png'],
];

/** Jobs with a line in the manifest; a torn last line does not matter here. */
async function savedJobs(out: string): Promise<number> {
  const text = await readFile(join(out, 'manifest.jsonl'), 'utf8').catch(() => '');
  return text.split('\n').length - 1;
}
