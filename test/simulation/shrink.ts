import type { Strike } from './world/chance.ts';
import { runWorld, type WorldReport } from './world/runWorld.ts';
import type { FaultRates, RunChoices, WorldConfig } from './world/worldConfig.ts';

/** The shortest history with the same problem that was found. */
export interface Shrunk {
  readonly config: WorldConfig;
  readonly without: ReadonlySet<Strike>;
  readonly report: WorldReport;
  /** Worlds that were tried. */
  readonly tried: number;
}

type Change = Partial<Omit<WorldConfig, 'run' | 'faults'>> & {
  readonly run?: Partial<RunChoices>;
  readonly faults?: Partial<FaultRates>;
};

/** Simpler worlds, the greatest simplification first. */
function simpler({ jobs, crashes, faults, run }: WorldConfig): Change[] {
  const fewer = (count: number, least: number) =>
    [least, Math.floor(count / 2), count - 1].filter((each) => each >= least && each < count);
  const rates = Object.keys(faults) as (keyof FaultRates)[];
  const choices: Partial<RunChoices>[] = [
    { strategy: 'stream' },
    { concurrency: 1 },
    { ratePerMinute: 6_000 },
    { webhooks: false },
    { timeoutMs: 600_000, timeoutAction: 'cancel' },
    { recoveryRounds: 0 },
    { fallback: false },
    { budgetJobs: null },
    { stops: false },
    { cancels: false },
    { waitMs: 0 },
  ];
  return [
    { level: 'engine', folders: 1, cache: false, twins: 0 },
    { twins: 0 },
    { folders: 1 },
    { otherRun: null },
    ...fewer(crashes, 0).map((count) => ({ crashes: count })),
    ...fewer(jobs, 1).map((count) => ({ jobs: count })),
    ...rates.filter((name) => faults[name] > 0).map((name) => ({ faults: { [name]: 0 } })),
    { noCredit: null },
    { outage: null },
    { changesInput: false },
    { equalPrompts: false },
    { seeds: false },
    { outputs: 1 },
    { strangers: 0 },
    { listLagMs: 0 },
    { evenLag: false },
    { pageSize: 100 },
    { listShowsInput: true },
    { echoesDefaults: false },
    { showsDeadline: false },
    { servicePerMinute: 0, namesLimits: false },
    { serviceAheadMs: 0 },
    { gatewayAheadMs: 0 },
    { machineAheadMs: 0 },
    { machineDrift: 0 },
    { clockSteps: [] },
    { powerCuts: 0 },
    { pauseMs: 5_000 },
    ...choices
      .filter((choice) =>
        Object.entries(choice).some(([name, value]) => run[name as keyof RunChoices] !== value),
      )
      .map((choice) => ({ run: choice })),
  ];
}

function withChange(config: WorldConfig, { run, faults, ...rest }: Change): WorldConfig {
  return { ...config, ...rest, run: { ...config.run, ...run }, faults: { ...config.faults, ...faults } };
}

/** Returns the kind of a problem: its words without numbers. */
export function kindOf(problem: string): string {
  return (problem.split('\n')[0] ?? '').replace(/[\d.]+/g, '#').replace(/( p#)+/g, ' p#');
}

/**
 * Shrinks a world that has a problem: leaves out features, processes and jobs, then faults, as long
 * as the same kind of problem comes. `most` is the number of worlds that are tried.
 */
export async function shrinkWorld(first: WorldReport, most = 400): Promise<Shrunk> {
  const kind = kindOf(first.problems[0] ?? '');
  let tried = 0;
  let config = first.config;
  let without: ReadonlySet<Strike> = new Set();
  let report = first;
  const fails = async (tryConfig: WorldConfig, tryWithout: ReadonlySet<Strike>): Promise<boolean> => {
    tried += 1;
    const found = await runWorld(tryConfig, { without: tryWithout });
    if (!found.problems.some((problem) => kindOf(problem) === kind)) return false;
    [config, without, report] = [tryConfig, tryWithout, found];
    return true;
  };
  for (let isSimpler = true; isSimpler && tried < most; ) {
    isSimpler = false;
    for (const change of simpler(config)) {
      if (tried >= most) break;
      const next = withChange(config, change);
      if (JSON.stringify(next) !== JSON.stringify(config) && (await fails(next, without))) isSimpler = true;
    }
  }
  for (let size = report.struck.length; size >= 1 && tried < most; size = Math.floor(size / 2)) {
    for (let at = 0; at < report.struck.length && tried < most; ) {
      const left = report.struck.slice(at, at + size);
      if (!(await fails(config, new Set([...without, ...left])))) at += size;
    }
  }
  const logged = await runWorld(config, { without, keepsLog: true });
  return { config, without, report: logged, tried };
}

/**
 * Describes a shrunk world: its differences from a plain one, the faults that struck, and its log.
 */
export function describeShrunk({ config, report, tried }: Shrunk): string {
  const { run, faults, ...rest } = config;
  const plain: Readonly<Record<string, unknown>> = {
    pageSize: 100,
    listShowsInput: true,
    outputs: 1,
    pauseMs: 5_000,
  };
  const isOdd = ([name, value]: [string, unknown]) =>
    value !== (plain[name] ?? 0) &&
    value !== false &&
    value !== null &&
    !(Array.isArray(value) && value.length === 0);
  const odd = [...Object.entries(rest), ...Object.entries(faults), ...Object.entries(run)].filter(isOdd);
  return [
    `seed ${config.seed}, shortest history of ${tried} tried: ${report.problems.join('; ')}`,
    `world: ${odd.map(([name, value]) => `${name} ${JSON.stringify(value)}`).join(', ')}`,
    `faults: ${report.struck.join(' ') || 'none'}`,
    ...report.log,
  ].join('\n');
}
