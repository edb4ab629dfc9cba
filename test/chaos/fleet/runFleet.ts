import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
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
import { clockAhead } from './clockAhead.ts';
import { type BlowsConfig, createBlows, type Struck } from './createBlows.ts';
import { type Extremes, judgeDatabase, judgeGrants, type SentCreate } from './judgeFleet.ts';
import { startWorkers } from './startWorkers.ts';
import { watchGrants } from './watchGrants.ts';

/** One run of a fleet; `url` is that of a database of its own. */
export interface FleetConfig extends BlowsConfig {
  /** Where it may write; there already. */
  folder: string;
  name: string;
  prompts: number;
  workload: Workload;
  /** Flags of the run besides the usual. */
  flags?: readonly string[];
  /** Images that the budget pays for. Default: all. */
  affordable?: number;
  /** Predictions in flight at most. Default 6. */
  slots?: number;
  /** Create requests a minute at most. Default 6,000. */
  perMinute?: number;
  /** Seconds by which the clock of each worker is ahead, by its place. Default: all are right. */
  skewsS?: readonly number[];
}

/** The result of a run of several machines. */
export interface FleetReport extends Omit<Extremes, 'problems'> {
  readonly name: string;
  readonly struck: Struck;
  readonly jobs: number;
  readonly made: number;
  readonly lost: number;
  /** Images with which six workers in a row have died, and which were made afterwards. */
  readonly died: number;
  readonly paidTwice: number;
  readonly mostInFlight: number;
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
  const sent: SentCreate[] = [];
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
            sent.push({ prompt: wanted.input.prompt, atMs: Date.now() });
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
  const lines = linesOf(prompts, createRandom(`${seed}/lines`));
  const workers = startWorkers(WORKERS, {
    ...{ shared, url, env },
    ownEnv: (place) => clockAhead(config.skewsS?.[place] ?? 0),
  });
  blows.begin(workers, grants, (index) => lines[index]);
  try {
    const input = join(folder, 'prompts.txt');
    await writeFile(input, lines.map((line) => `${line}\n`).join(''));
    const out = join(shared, 'night');
    const alone = [
      ...[input, '--out', out, '--seed', 'none'],
      ...['--concurrency', String(slots), '--rate', String(perMinute), '--rendition', 'tiny=8x8,png'],
      ...(config.affordable === undefined ? [] : ['--budget', (config.affordable * 0.003).toFixed(3)]),
      ...(config.flags ?? []),
    ];
    const args = [...alone, `--queue=${url}`, '--shared', shared];
    let producer = startGenerate(args, env);
    const timer = setTimeout(() => producer.kill(), LONGEST_MS);
    let code = await producer.ended;
    // A database that is away ends the view: the same command continues it.
    for (let again = 0; again < 100 && code !== 0 && isAway(producer); again += 1) {
      await delay(1_000);
      producer = startGenerate(args, env);
      code = await producer.ended;
    }
    clearTimeout(timer);
    await blows.end();
    const judged = await judgeGrants(grants, sent, {
      ...{ lines, slots, perMinute, aimed: blows.struck().aimed },
    });
    const died = await diedIn(out);
    const left = await judgeDatabase(url, simulator.stats(), died > 0);
    if (died > 0) {
      // They were given up, as poison is; one machine makes them when all is quiet.
      producer = startGenerate(alone, env);
      code = await producer.ended;
    }
    const problems = [
      ...(await problemsOf(config, { simulator, out, lines, code, watch })),
      ...judged.problems,
      ...left,
      ...workers.faults(),
    ];
    const said = problems.length > 0 ? [producer.said().slice(-1_500), workers.said().slice(-6_000)] : [];
    const demand = createDemand();
    demand.ask(lines);
    const stats = simulator.stats();
    const { outcomes } = await readBooks(out);
    const saved = outcomes.filter(({ status }) => status === 'saved').length;
    const wanted = config.affordable ?? prompts;
    return {
      name: config.name,
      ...judged,
      struck: blows.struck(),
      jobs: prompts,
      made: stats.succeeded,
      lost: wanted - saved,
      died,
      paidTwice: demand.excess(watch.made()),
      mostInFlight: stats.maxInFlight,
      seconds: (performance.now() - begunMs) / 1_000,
      problems: [...problems, ...said],
    };
  } finally {
    await workers.close();
    await grants.close();
    await simulator.close();
  }
}

async function diedIn(out: string): Promise<number> {
  const { outcomes } = await readBooks(out);
  return outcomes.filter(({ error }) => error?.code === 'ERR_WORKER_DIED').length;
}

/**
 * Removes the faults of the list of predictions, so that it proves which requests made nothing. For
 * how long a list that lags proves nothing is tested with single runs.
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

interface Ended {
  readonly simulator: Simulator;
  readonly out: string;
  readonly lines: readonly string[];
  readonly code: number | null;
  readonly watch: ReturnType<typeof createWatch>;
}

async function problemsOf(
  { affordable, slots = 6, prompts }: FleetConfig,
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
  const demand = createDemand();
  demand.ask(lines);
  const paidTwice = demand.excess(watch.made());
  if (paidTwice > 0) problems.push(`${paidTwice} paid twice`);
  if (stats.maxInFlight > slots) problems.push(`${stats.maxInFlight} in flight, with ${slots} slots`);
  return problems;
}
