import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDatabase } from '../../../src/fleet/database/connection.ts';
import { migrate } from '../../../src/fleet/database/migrate.ts';
import { openEngine } from '../../../src/fleet/engine/engine.ts';
import { createRandom, type Random } from '../../../src/simulator/engine/random.ts';
import { type Simulator, type SimulatorFaults, startSimulator } from '../../../src/simulator/index.ts';
import { accountProblems, createDemand } from '../account.ts';
import { checkFolder, readBooks } from '../checkFolder.ts';
import { createWatch } from '../createWatch.ts';
import { environment } from '../runBatch.ts';
import { type GenerateRun, startGenerate } from '../startGenerate.ts';
import type { Workload } from '../workloads/workload.ts';
import { createBlows } from './createBlows.ts';
import { startWorkers } from './startWorkers.ts';
import { watchGrants } from './watchGrants.ts';

/** What befalls a fleet, and how often. */
export interface Blows {
  /** `kill -9` of a worker. */
  readonly kills: number;
  /** SIGSTOP for longer than the heartbeat, half of them aimed at a grant. */
  readonly pauses: number;
  /** The database ends at once and starts again. */
  readonly databaseKills: number;
  /** All connections are cut. */
  readonly cuts: number;
}

export interface FleetConfig {
  /** Where it may write; there already. */
  folder: string;
  /** Address of a database of its own. */
  url: string;
  /** Kills the server of that database, and starts it again; needed for `databaseKills`. */
  restartDatabase?: () => Promise<void>;
  name: string;
  seed: number;
  prompts: number;
  blows: Partial<Blows>;
  workload: Workload;
  /**
   * Time between two blows, at least and at most: the parts of the last one are taken over
   * meanwhile, or not. Default 200 and 2,500.
   */
  betweenMs?: readonly [number, number];
  /** Flags of the run besides the usual. */
  flags?: readonly string[];
  /** Images that the budget pays for. Default: all. */
  affordable?: number;
  /** Predictions in flight at most. Default 6. */
  slots?: number;
  /** Create requests a minute at most. Default 6,000. */
  perMinute?: number;
}

/** What became of a run of several machines. */
export interface FleetReport {
  readonly name: string;
  readonly blows: Blows;
  readonly jobs: number;
  readonly made: number;
  readonly lost: number;
  readonly paidTwice: number;
  readonly mostInFlight: number;
  /** Most create requests in any time of ten seconds. */
  readonly mostInTenS: number;
  readonly seconds: number;
  readonly problems: readonly string[];
}

const WORKERS = 3;
export const HEARTBEAT_S = 10;
const SPEED = 10;
const LONGEST_MS = 600_000;

/** One run over several worker processes, to its end, and the judgement of the simulator. */
export async function runFleet(config: FleetConfig): Promise<FleetReport> {
  const { folder, url, seed, prompts, workload, slots = 6, perMinute = 6_000 } = config;
  const begunMs = performance.now();
  await prepare(url);
  const sent: number[] = [];
  const blows = createBlows(config);
  const settings = workload.simulator?.({ seed, speed: SPEED, onStrike: () => {} }) ?? {};
  const watch = createWatch();
  const simulator = await startSimulator({
    ...settings,
    faults: withCurrentList(
      blows.over(
        watch.over({
          ...settings.faults,
          beforeCreate: (wanted) => {
            sent.push(performance.now());
            return settings.faults?.beforeCreate?.(wanted) ?? null;
          },
        }),
      ),
    ),
    render: 'fast',
    seed,
    speed: SPEED,
    medianMs: 4_000,
  });
  const shared = join(folder, 'shared');
  await mkdir(shared, { recursive: true });
  const env = environment(simulator, folder);
  const grants = await watchGrants(url);
  const workers = startWorkers(WORKERS, { shared, url, env });
  blows.begin(workers, grants);
  try {
    const lines = linesOf(prompts, createRandom(`${seed}/lines`));
    const input = join(folder, 'prompts.txt');
    await writeFile(input, lines.map((line) => `${line}\n`).join(''));
    const out = join(shared, 'night');
    const args = [
      ...[input, `--queue=${url}`, '--shared', shared, '--out', out, '--seed', 'none'],
      ...['--concurrency', String(slots), '--rate', String(perMinute), '--rendition', 'tiny=8x8,png'],
      ...(config.affordable === undefined ? [] : ['--budget', (config.affordable * 0.003).toFixed(3)]),
      ...(config.flags ?? []),
    ];
    let producer = startGenerate(args, env);
    const timer = setTimeout(() => producer.kill(), LONGEST_MS);
    let code = await producer.ended;
    // A database that is away ends the view: the same command goes on.
    for (let again = 0; again < 20 && code !== 0 && isAway(producer); again += 1) {
      producer = startGenerate(args, env);
      code = await producer.ended;
    }
    clearTimeout(timer);
    await blows.end();
    const problems = await problemsOf(config, { simulator, out, lines, code, watch });
    const said = problems.length > 0 ? [producer.said().slice(-1_500), workers.said().slice(-6_000)] : [];
    const demand = createDemand();
    demand.ask(lines);
    const stats = simulator.stats();
    const { outcomes } = await readBooks(out);
    const saved = outcomes.filter(({ status }) => status === 'saved').length;
    const wanted = config.affordable ?? prompts;
    return {
      name: config.name,
      blows: blows.struck(),
      jobs: prompts,
      made: stats.succeeded,
      lost: wanted - saved,
      paidTwice: demand.excess(watch.made()),
      mostInFlight: stats.maxInFlight,
      mostInTenS: mostWithin(sent, 10_000),
      seconds: (performance.now() - begunMs) / 1_000,
      problems: [...problems, ...said],
    };
  } finally {
    await workers.close();
    await grants.close();
    await simulator.close();
  }
}

/**
 * Leaves the list of predictions alone, which then shows what was never made: how long a list that
 * lags proves nothing is tested with single runs.
 */
function withCurrentList({ onList: _faulty, listLagMs: _late, ...faults }: SimulatorFaults): SimulatorFaults {
  return faults;
}

function isAway(producer: GenerateRun): boolean {
  return /database|Connection/i.test(producer.said().slice(-600));
}

/** Makes the tables, with a shorter heartbeat than the usual. */
async function prepare(url: string): Promise<void> {
  const database = await openDatabase({ url, connections: 2 });
  await migrate(database);
  const engine = await openEngine(database, { url, name: 'chaos', heartbeatS: HEARTBEAT_S });
  await engine.close();
  await database.close();
}

/** Every eighth prompt is the one before it again: an equal request. */
function linesOf(prompts: number, random: Random): string[] {
  const kind = random.pick(['pear', 'plum', 'quince']);
  return Array.from({ length: prompts }, (_, n) => `A ${kind}, number ${n % 8 === 7 ? n - 1 : n}`);
}

function mostWithin(moments: readonly number[], windowMs: number): number {
  let most = 0;
  let first = 0;
  for (const [last, moment] of moments.entries()) {
    while (moment - (moments[first] ?? 0) > windowMs) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

interface Ended {
  readonly simulator: Simulator;
  readonly out: string;
  readonly lines: readonly string[];
  readonly code: number | null;
  readonly watch: ReturnType<typeof createWatch>;
}

async function problemsOf(
  { url, affordable, slots = 6, prompts }: FleetConfig,
  { simulator, out, lines, code, watch }: Ended,
): Promise<string[]> {
  const expected = affordable === undefined ? 0 : 1;
  const problems = code === expected ? [] : [`the run ended with ${code}`];
  const check = await checkFolder(out, lines);
  const isBeyondBudget = (problem: string) => affordable !== undefined && problem.includes('budget');
  problems.push(...check.problems.filter((problem) => !isBeyondBudget(problem)));
  const stats = simulator.stats();
  problems.push(...accountProblems({ made: watch.made(), stats }, [check.books]));
  const saved = check.books.outcomes.filter(({ status }) => status === 'saved').length;
  const wanted = affordable ?? prompts;
  if (saved !== wanted) problems.push(`${saved} saved, expected ${wanted}`);
  if (stats.maxInFlight > slots) problems.push(`${stats.maxInFlight} in flight, with ${slots} slots`);
  const database = await openDatabase({ url, connections: 1 });
  try {
    const [left = {}] = await database.query(
      `SELECT (SELECT count(*) FROM rx.flight) AS flight, (SELECT count(*) FROM rx.job) AS job,
        (SELECT sum(reserved_micro_usd) FROM rx.run) AS reserved, (SELECT sum(spent_micro_usd) FROM rx.run) AS spent`,
    );
    if (Number(left.flight) + Number(left.job) > 0) {
      problems.push(`${left.flight} slots and ${left.job} jobs are left in the database`);
    }
    if (Number(left.reserved) !== 0) problems.push(`${left.reserved} are still reserved`);
    if (Number(left.spent) !== stats.billedMicroUsd) {
      problems.push(`${left.spent} spent, ${stats.billedMicroUsd} billed`);
    }
  } finally {
    await database.close();
  }
  return problems;
}
