import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRandom } from '../../src/simulator/engine/random.ts';
import { type Simulator, startSimulator } from '../../src/simulator/index.ts';
import { accountProblems, createDemand } from './account.ts';
import { checkFolder } from './checkFolder.ts';
import { createWatch, type Watch } from './createWatch.ts';
import { planKill } from './planKill.ts';
import {
  type BatchReport,
  environment,
  firstLines,
  isOnlyUncertain,
  MOST_RUNS,
  pace,
  SPEED,
} from './runBatch.ts';
import { type GenerateRun, startGenerate } from './startGenerate.ts';

export interface TwoConfig {
  /** Where the runs may write; there already. */
  folder: string;
  seed: number;
  prompts: number;
  /** The folder kind that the two processes share. */
  shared: 'folder' | 'cache';
  /** Kills at most, of both processes. Default 0. */
  maxKills?: number;
}

/**
 * Two processes at the same time: in one run folder, where one of them is refused, or in two with
 * one `--cache`, where each result is made by one of them. Checks both folders to the last file and
 * the account to the last cent.
 */
export async function runTwo(config: TwoConfig): Promise<BatchReport> {
  const { folder, seed, prompts, shared } = config;
  const watch = createWatch();
  const simulator = await startSimulator({
    faults: watch.over({}),
    render: 'fast',
    seed,
    speed: SPEED,
    medianMs: 1_500,
  });
  try {
    const lines = firstLines(prompts);
    const path = join(folder, 'prompts.txt');
    await writeFile(path, lines.map((line) => `${line}\n`).join(''));
    const outs = (shared === 'folder' ? ['out', 'out'] : ['out', 'other']).map((name) => join(folder, name));
    const cache = shared === 'cache' ? ['--cache', join(folder, 'results')] : [];
    for (const name of ['one', 'two']) await mkdir(join(folder, name));
    const commands = outs.map((out) => [path, '--out', out, '--quiet', '--look-for', '1', ...cache, ...pace]);
    const ending = await endOfBoth(config, { commands, outs, simulator, watch });
    const checks = await Promise.all([...new Set(outs)].map((out) => checkFolder(out, lines)));
    const demand = createDemand();
    demand.ask(lines);
    const stats = simulator.stats();
    const account = { made: watch.made(), stats };
    const saved = checks.reduce((sum, check) => sum + check.saved, 0);
    return {
      workload: `one ${shared}`,
      jobs: prompts * checks.length,
      kills: ending.kills,
      runs: ending.runs,
      faults: ending.refused === 0 ? new Map() : new Map([['second run refused', ending.refused]]),
      stats,
      lost: prompts * checks.length - saved,
      paidTwice: demand.excess(account.made),
      listed: 0,
      problems: [
        ...ending.problems,
        ...checks.flatMap(({ problems }) => problems),
        ...accountProblems(
          account,
          checks.map(({ books }) => books),
        ),
      ],
    };
  } finally {
    await simulator.close();
  }
}

interface Stage {
  readonly commands: readonly (readonly string[])[];
  /** The run folder of each command. */
  readonly outs: readonly string[];
  readonly simulator: Simulator;
  readonly watch: Watch;
}

interface Ending extends Pick<BatchReport, 'kills' | 'runs' | 'problems'> {
  /** Processes that did not get the folder. */
  readonly refused: number;
}

/** Starts both processes again and again until each has done its work, or was refused. */
async function endOfBoth(
  { folder, seed, prompts, maxKills = 0 }: TwoConfig,
  { commands, outs, simulator, watch }: Stage,
): Promise<Ending> {
  const random = createRandom(`${seed}/two`);
  let [kills, refused] = [0, 0];
  let repay: readonly string[] = [];
  for (let runs = 2; ; runs += 2) {
    const both = commands.map((args, at) =>
      startGenerate([...args, ...repay], environment(simulator, join(folder, at === 0 ? 'one' : 'two'))),
    );
    const plan = kills < maxKills ? planKill(random, prompts) : null;
    const ending = await watch.endOf(asOne(both), plan);
    const codes = await Promise.all(both.map(({ ended }) => ended));
    refused += codes.filter((code) => code === 2).length;
    const isUncertain = async () =>
      codes.includes(1) && (await Promise.all(outs.map(isOnlyUncertain))).includes(true);
    if (ending === 'killed') kills += 1;
    else if (runs < MOST_RUNS && (await isUncertain())) repay = ['--repay'];
    else {
      const isDone = codes.every((code) => code === 0 || code === 2) && codes.includes(0);
      const said = both.map((run) => run.said().slice(-300)).join(' ');
      return { kills, runs, refused, problems: isDone ? [] : [`${ending}: ${codes.join(' and ')}; ${said}`] };
    }
  }
}

/** Two runs as one: killed together. */
function asOne(runs: readonly GenerateRun[]): GenerateRun {
  return {
    kill: () => {
      for (const run of runs) run.kill();
    },
    ended: Promise.all(runs.map(({ ended }) => ended)).then((codes) => (codes.includes(null) ? null : 0)),
    said: () => runs.map((run) => run.said()).join(' '),
    printed: () => runs.map((run) => run.printed()).join(''),
  };
}
