import type { PredictionEvents } from '../../../src/ports.ts';
import { Disk } from '../disk/disk.ts';
import { createFileHost, useFileHost } from '../service/fileHost.ts';
import { createNetwork, type Network } from '../service/network.ts';
import { Service } from '../service/service.ts';
import { createWebhooks } from '../service/webhooks.ts';
import { type Chance, createChance, type Strike } from './chance.ts';
import { type Crash, enter, Machine, ProcessEnded, type RunningProcess, useMachine } from './machine.ts';
import { judgeEnd, judgeProcess } from './oracle.ts';
import { FOLDERS, type ProcessPlan, planProcesses } from './planProcesses.ts';
import { beginRun } from './processes.ts';
import { createTimeline } from './timeline.ts';
import type { WorldConfig } from './worldConfig.ts';

/** The end of a world. */
export interface WorldReport {
  readonly config: WorldConfig;
  readonly problems: readonly string[];
  readonly struck: readonly Strike[];
  readonly crashes: number;
  /** Of all processes, and of each. */
  readonly contacts: number;
  readonly contactsOf: readonly number[];
  readonly made: number;
  readonly virtualMs: number;
  readonly log: readonly string[];
}

export interface RunWorldConfig {
  readonly without?: ReadonlySet<Strike>;
  /** Default false: then `log` is empty. */
  readonly keepsLog?: boolean;
}

/** Longest true time that one process may take, besides its time-outs. */
const LONGEST_RUN_MS = 4 * 3_600_000;

/**
 * Returns the time for which a process may wait for predictions that hang: those that are left are
 * waited for in each attempt of each round.
 */
function waitedMs({ config, service }: Pick<World, 'config' | 'service'>): number {
  const { timeoutAction, timeoutMs, maxAttempts, recoveryRounds } = config.run;
  const hanging = service.made.filter(({ bornMs, endMs }) => endMs - bornMs > LONGEST_RUN_MS).length;
  return timeoutAction === 'leave' ? hanging * timeoutMs * maxAttempts * (1 + recoveryRounds) : 0;
}

/** The end of one process. */
export interface ProcessEnd extends Pick<ProcessPlan, 'input' | 'folder' | 'run' | 'isLast' | 'isIdle'> {
  readonly number: number;
  readonly beganMs: number;
  readonly kind: 'done' | 'crashed' | 'stalled' | 'endless' | 'failed';
  readonly error: unknown;
  readonly outcomes: readonly (readonly [index: number, status: string, code: string | null])[];
}

/** Everything in a world. */
export interface World {
  readonly config: WorldConfig;
  readonly machine: Machine;
  readonly service: Service;
  readonly network: Network;
  readonly chance: Chance;
  readonly ends: ProcessEnd[];
  readonly log: (line: string) => void;
}

/** Runs a world from its beginning to its end, and judges it. */
export async function runWorld(config: WorldConfig, options: RunWorldConfig = {}): Promise<WorldReport> {
  const timeline = config.twins === 0 ? createTimeline() : createTimeline(enter);
  const lines: string[] = [];
  const log = (line: string) => {
    if (options.keepsLog === true)
      lines.push(`${(timeline.nowMs / 1_000).toFixed(3).padStart(10)} s  ${line}`);
  };
  const chance = createChance(config.seed, {
    ...(options.without === undefined ? {} : { without: options.without }),
    onStrike: (strike) => log(`* ${strike}`),
  });
  const machine = new Machine({ timeline, chance, disk: new Disk(), log }, config);
  const service = new Service(config, chance, timeline);
  const network = createNetwork({ machine, service, timeline, chance, config, log });
  const webhooks = createWebhooks(machine, service, config);
  const world: World = { config, machine, service, network, chance, ends: [], log };
  const problems: string[] = [];
  useMachine(machine);
  useFileHost(createFileHost(machine, service, config));
  const onUnhandled = (error: unknown) => {
    if (!(error instanceof ProcessEnded) && machine.process?.isAlive === true)
      problems.push(`unhandled: ${error instanceof Error ? error.stack : String(error)}`);
  };
  process.on('unhandledRejection', onUnhandled);
  let crashes = 0;
  const contactsOf: number[] = [];
  try {
    for (const plan of planProcesses(config, chance)) {
      if (plan.isLast && !chance.isCalm) {
        chance.isCalm = true;
        await passUntil(world, Math.max(config.noCredit?.[1] ?? 0, config.outage?.[1] ?? 0));
      }
      const crash = shortened(plan.crash, config, world.ends.at(-1), contactsOf.at(-1));
      const tracks = await drive(world, { ...plan, crash }, webhooks.open());
      for (const { process, end } of tracks) {
        contactsOf.push(process.contacts);
        if (end.kind === 'crashed') crashes += 1;
        world.ends.push(end);
        problems.push(...judgeProcess(world, end));
      }
      machine.exit();
      if (problems.length > 0) break;
      const pauseMs = chance.between('pause', 0, config.pauseMs);
      await passUntil(world, timeline.nowMs + Math.max(pauseMs, plan.pauseMs));
    }
    if (problems.length === 0) problems.push(...(await judgeEnd(world)));
  } catch (error) {
    problems.push(`the simulation broke: ${error instanceof Error ? error.stack : String(error)}`);
  } finally {
    process.off('unhandledRejection', onUnhandled);
    useMachine(null);
    useFileHost(null);
  }
  const { nowMs } = timeline;
  const { struck } = chance;
  const made = service.made.length;
  const contacts = contactsOf.reduce((sum, one) => sum + one, 0);
  return { config, problems, struck, crashes, contacts, contactsOf, made, virtualMs: nowMs, log: lines };
}

/** Crashes that a seed draws for a world, at most. */
const MOST_DRAWN = 10;

/**
 * Moves a crash to where a process gets to, in worlds with more crashes than are drawn: if the one
 * before came to its end, this one has as little to do.
 */
function shortened(
  crash: Crash | null,
  { crashes, script }: WorldConfig,
  before: ProcessEnd | undefined,
  contacts = 1,
): Crash | null {
  if (crash === null || script !== null || crashes <= MOST_DRAWN || before?.kind !== 'done') return crash;
  return { ...crash, atContact: 1 + (crash.atContact % contacts) };
}

/** A process that runs, and its outcomes so far. */
interface Track {
  readonly process: RunningProcess;
  readonly plan: Omit<ProcessPlan, 'crash'>;
  readonly outcomes: ProcessEnd['outcomes'][number][];
  over: { readonly kind: ProcessEnd['kind']; readonly error: unknown } | null;
}

/** Lets time pass until a process has ended, and one that started beside it. */
async function drive(
  world: World,
  plan: ProcessPlan,
  webhooks: PredictionEvents,
): Promise<{ readonly process: RunningProcess; readonly end: ProcessEnd }[]> {
  const { machine } = world;
  const { timeline } = machine;
  const startedMs = timeline.nowMs;
  const tracks = [begin(world, machine.start(plan.crash), plan, webhooks)];
  const { twin } = plan;
  if (twin !== null)
    timeline.after(twin.afterMs, null, () => {
      if (tracks.every(isOver)) return;
      tracks.push(begin(world, machine.startBeside(twin.crash), { ...plan, ...twin }, webhooks));
    });
  while (!(await areOver(tracks, machine))) {
    const isEndless = timeline.nowMs - startedMs > LONGEST_RUN_MS + waitedMs(world);
    try {
      if (!isEndless && timeline.step()) continue;
    } catch (error) {
      if (error instanceof ProcessEnded) continue;
      throw error;
    }
    const kind = isEndless ? 'endless' : 'stalled';
    for (const track of tracks) if (!isOver(track)) track.over = { kind, error: null };
  }
  return tracks.map(({ process, plan: own, outcomes, over }) => {
    const { kind, error } = over ?? { kind: 'crashed', error: null };
    world.log(`process ${process.number}: ${kind} ${error === null ? '' : String(error)}`);
    const { input, folder, run, isLast, isIdle } = own;
    const { number } = process;
    const beganMs = process.startedMs;
    return { process, end: { number, input, folder, run, isLast, isIdle, beganMs, outcomes, kind, error } };
  });
}

/** Begins a process. */
function begin(
  { machine, config, network, log }: World,
  process: RunningProcess,
  plan: Track['plan'],
  webhooks: PredictionEvents,
): Track {
  const { number } = process;
  const track: Track = { process, plan, outcomes: [], over: null };
  const where = plan.folder === FOLDERS[0] ? '' : ` in ${plan.folder}`;
  log(`process ${number} begins${plan.isLast ? ', the last one' : ''}${where}: ${plan.input.join(' ')}`);
  const onOutcome = (index: number, status: string, code: string | null) => {
    log(`outcome of job ${index}: ${status} ${code ?? ''}`);
    track.outcomes.push([index, status, code]);
  };
  const end = (kind: 'failed' | 'done', error: unknown) => {
    if (process.isAlive) track.over = { kind, error };
  };
  const start = () =>
    beginRun(machine, config, { ...plan, fetch: network.fetch, webhooks, onOutcome }).subscribe({
      error: (error: unknown) => end('failed', error),
      complete: () => end('done', null),
    });
  if (config.twins === 0) start();
  else enter(process, start);
  return track;
}

function isOver({ process, over }: Track): boolean {
  return over !== null || !process.isAlive;
}

async function areOver(tracks: readonly Track[], machine: Machine): Promise<boolean> {
  await machine.quiet();
  if (machine.fault !== null) throw machine.fault;
  for (const { process, over } of tracks) if (over !== null) machine.exit(process);
  return tracks.every(isOver);
}

async function passUntil({ machine }: World, untilMs: number): Promise<void> {
  const { timeline } = machine;
  while (timeline.nextMs() <= untilMs) {
    timeline.step();
    await machine.quiet();
  }
  timeline.pass(untilMs);
}
