import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRandom } from '../../src/simulator/engine/random.ts';
import {
  type ChaosProfileName,
  chaosProfile,
  type Simulator,
  type SimulatorStats,
  startSimulator,
} from '../../src/simulator/index.ts';
import type { Outcome, Strategy } from '../../src/types.ts';
import { checkFolder } from './checkFolder.ts';
import { createWatch, type Watch } from './createWatch.ts';
import { planKill } from './planKill.ts';
import { startGenerate } from './startGenerate.ts';

export interface BatchConfig {
  /** Where the batch may write; there already. */
  folder: string;
  seed: number;
  /** Null: nothing goes wrong but the kills. */
  profile: ChaosProfileName | null;
  prompts: number;
  /** Kills at most; then the batch is run to its end. */
  maxKills: number;
  /** How jobs are fed. Default `stream`. */
  strategy?: Strategy;
}

/** What became of a batch that was killed and started again until it was done. */
export interface BatchReport {
  readonly profile: string;
  readonly jobs: number;
  readonly kills: number;
  readonly runs: number;
  /** How often each thing went wrong, kills aside. */
  readonly faults: ReadonlyMap<string, number>;
  readonly stats: SimulatorStats;
  /** Jobs without their pictures, whole, in the end. */
  readonly lost: number;
  /** Predictions beyond one a job that did not fail by themselves. */
  readonly paidTwice: number;
  readonly problems: readonly string[];
}

const SPEED = 10;
const MEDIAN_MS = 1_500;

/**
 * One batch over one simulator: started, killed at moments that follow from the seed, started again
 * with the same command until it ends by itself, then checked to the last file.
 */
export async function runBatch(config: BatchConfig): Promise<BatchReport> {
  const { folder, seed, profile, prompts } = config;
  const faults = new Map<string, number>();
  const onStrike = (name: string) => faults.set(name, (faults.get(name) ?? 0) + 1);
  const chaos = profile === null ? {} : chaosProfile(profile, { seed, speed: SPEED, onStrike });
  const watch = createWatch();
  const simulator = await startSimulator({
    ...chaos,
    faults: watch.over(chaos.faults ?? {}),
    render: 'fast',
    seed,
    speed: SPEED,
    medianMs: MEDIAN_MS,
  });
  try {
    const out = join(folder, 'out');
    const ending = await runToItsEnd(config, { out, simulator, watch });
    const { outcomes, saved, problems } = await checkFolder(out, prompts);
    const stats = simulator.stats();
    if (stats.refused429 > 0) faults.set('refusedByTheLimit', stats.refused429);
    return {
      ...ending,
      profile: profile ?? 'none',
      jobs: prompts,
      faults,
      stats,
      lost: prompts - saved,
      paidTwice: Math.max(0, stats.created - stats.failed - prompts),
      problems: [...ending.problems, ...problems, ...problemsOf(stats, outcomes, prompts)],
    };
  } finally {
    await simulator.close();
  }
}

interface Stage {
  readonly out: string;
  readonly simulator: Simulator;
  readonly watch: Watch;
}

/** Starts and kills until a run ends by itself. */
async function runToItsEnd(
  config: BatchConfig,
  { out, simulator, watch }: Stage,
): Promise<Pick<BatchReport, 'kills' | 'runs' | 'problems'>> {
  const { seed, prompts, maxKills } = config;
  const args = await commandLine(config, out);
  const env = {
    REPLICATE_API_TOKEN: simulator.token,
    REPLICATE_BASE_URL: simulator.baseUrl,
    XDG_CACHE_HOME: join(config.folder, 'cache'),
  };
  const random = createRandom(`${seed}/kills`);
  let kills = 0;
  let repay: readonly string[] = [];
  for (let runs = 1; ; runs += 1) {
    const plan = kills < maxKills ? planKill(random, prompts - (await savedJobs(out))) : null;
    const run = startGenerate([...args, ...repay], env);
    const ending = await watch.endOf(run, plan);
    if (ending === 'killed') kills += 1;
    else if (ending === 1 && runs < MOST_RUNS && (await isOnlyUncertain(out))) repay = ['--repay'];
    else {
      const problems = ending === 0 ? [] : [`run ${runs}: ${ending}; ${run.said().trim().slice(-500)}`];
      return { kills, runs, problems };
    }
  }
}

/** A batch that is not done by then hangs. */
const MOST_RUNS = 100;

/**
 * Returns true if nothing failed in a batch but create requests that were lost on their way when no
 * other was sent after them: the next run looks for them again, and then makes their images.
 */
async function isOnlyUncertain(out: string): Promise<boolean> {
  const { outcomes } = await checkFolder(out, 0);
  const errors = outcomes.filter(({ status }) => status !== 'saved').map(({ error }) => error?.code);
  return errors.length > 0 && errors.every((code) => code === 'ERR_UNCERTAIN');
}

/**
 * Every eighth prompt is the one before it again; with the seed `none`, in every second batch, they
 * are equal requests.
 */
async function commandLine(
  { folder, seed, prompts, strategy = 'stream' }: BatchConfig,
  out: string,
): Promise<string[]> {
  const lines = Array.from({ length: prompts }, (_, n) => `A pear, number ${n % 8 === 7 ? n - 1 : n}`);
  const path = join(folder, 'prompts.txt');
  await writeFile(path, `${lines.join('\n')}\n`);
  const seeds = seed % 2 === 0 ? 'auto' : 'none';
  const rate = String(600 * SPEED);
  const flags = [
    '--look-for',
    '1',
    '--concurrency',
    '5',
    '--rate',
    rate,
    '--seed',
    seeds,
    '--rendition',
    'tiny=8x8,png',
  ];
  return [path, '--out', out, '--quiet', '--strategy', strategy, ...flags];
}

/** Jobs with a line in the manifest; a torn last line does not matter here. */
async function savedJobs(out: string): Promise<number> {
  const text = await readFile(join(out, 'manifest.jsonl'), 'utf8').catch(() => '');
  return text.split('\n').length - 1;
}

/** What the service tells of too many predictions, or of money that nobody has booked. */
function problemsOf(stats: SimulatorStats, outcomes: readonly Outcome[], jobs: number): string[] {
  const { created, succeeded, failed, canceled, aborted, inFlight, tokensAtFileHost } = stats;
  const problems: string[] = [];
  if (created !== jobs + failed || succeeded !== jobs) {
    problems.push(`${created} predictions for ${jobs} jobs: ${succeeded} succeeded, ${failed} failed`);
  }
  if (canceled + aborted + inFlight > 0) {
    problems.push(`${canceled} predictions canceled, ${aborted} aborted, ${inFlight} open`);
  }
  if (tokensAtFileHost > 0) problems.push(`${tokensAtFileHost} tokens went to the file host`);
  const bookedUsd = outcomes.reduce((sum, { costUsd }) => sum + (costUsd ?? 0), 0);
  if (Math.round(bookedUsd * 1_000_000) !== stats.billedMicroUsd) {
    problems.push(`${stats.billedMicroUsd / 1_000_000} dollars billed, ${bookedUsd} booked`);
  }
  return problems;
}
