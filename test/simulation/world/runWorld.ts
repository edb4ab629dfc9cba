import { Disk } from '../disk/disk.ts';
import { createFileHost, useFileHost } from '../service/fileHost.ts';
import { createNetwork, type Network } from '../service/network.ts';
import { Service } from '../service/service.ts';
import { createWebhooks } from '../service/webhooks.ts';
import { type Chance, createChance, type Strike } from './chance.ts';
import type { Input } from './input.ts';
import { type Crash, Machine, ProcessEnded, useMachine } from './machine.ts';
import { judgeEnd, judgeProcess } from './oracle.ts';
import { beginRun } from './processes.ts';
import { createTimeline } from './timeline.ts';
import type { WorldConfig } from './worldConfig.ts';

/** What became of a world. */
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

/** Longest true time that one process may take. */
const LONGEST_RUN_MS = 4 * 3_600_000;

/** What became of one process. */
export interface ProcessEnd {
  readonly number: number;
  readonly input: Input;
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
}

/** Runs a world from its beginning to its end, and judges it. */
export async function runWorld(config: WorldConfig, options: RunWorldConfig = {}): Promise<WorldReport> {
  const timeline = createTimeline();
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
  const world: World = { config, machine, service, network, chance, ends: [] };
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
    const inputs = drawInputs(config, chance);
    for (const [number, input] of inputs.entries()) {
      // How many come after the last crash.
      const calm = number - config.crashes;
      const isLast = calm >= 0;
      if (isLast) chance.isCalm = true;
      if (calm === 0) await passUntil(world, Math.max(config.noCredit?.[1] ?? 0, config.outage?.[1] ?? 0));
      const crash = isLast ? null : crashOf(number, config, chance);
      machine.start(crash);
      log(`process ${number + 1} begins${isLast ? ', the last one' : ''}: ${input.join(' ')}`);
      const outcomes: ProcessEnd['outcomes'][number][] = [];
      const onOutcome = (index: number, status: string, code: string | null) => {
        log(`outcome of job ${index}: ${status} ${code ?? ''}`);
        outcomes.push([index, status, code]);
      };
      // A contact sheet takes a third of a second: the last ones have nothing new to show.
      const shows = calm <= 0;
      const work = { input, isLast, shows, fetch: network.fetch, webhooks: webhooks.open(), onOutcome };
      const end = await drive(world, beginRun(machine, config, work));
      contactsOf.push(machine.contacts);
      if (end.kind === 'crashed') crashes += 1;
      log(`process ${number + 1}: ${end.kind} ${end.error === null ? '' : String(end.error)}`);
      const ended: ProcessEnd = { number: number + 1, input, outcomes, ...end };
      world.ends.push(ended);
      problems.push(...judgeProcess(world, ended, { isLast, isIdle: calm === LAST - 1 }));
      machine.exit();
      if (problems.length > 0) break;
      await pause(world, calm);
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

/**
 * Processes at the end that nothing disturbs: the first saves what it can, the second comes when
 * every lost request can be judged, and the third must find nothing to do.
 */
const LAST = 3;
/** Age at which every lost request is judged, and outputs are still there. */
const JUDGED_MS = 900_000;

/** Draws the inputs of all processes. */
function drawInputs(config: WorldConfig, chance: Chance): Input[] {
  const { jobs, equalPrompts, changesInput, crashes, level, script } = config;
  const scripted = script?.map(({ input }) => input);
  const last = scripted?.at(-1);
  if (last !== undefined) return [...(scripted ?? []), ...Array.from({ length: LAST }, () => last)];
  const first = Array.from({ length: jobs }, (_, n) => (equalPrompts ? n % 3 : n));
  const inputs: Input[] = [];
  let input: Input = first;
  for (let count = 0; count < crashes; count += 1) {
    inputs.push(input);
    if (changesInput && chance.whole('input.changes', 0, 1) === 1) input = changed(input, level, chance);
  }
  // The third costs time, and finds little: one world in three has it.
  const calm = chance.whole('input.idle', 0, 2) === 0 ? LAST : LAST - 1;
  return [...inputs, ...Array.from({ length: calm }, () => input)];
}

function changed(input: Input, level: WorldConfig['level'], chance: Chance): Input {
  // Without a folder nobody matches jobs by their requests.
  if (level === 'engine') return [...input, 100 + input.length];
  const next = [...input];
  const at = chance.whole('input.at', 0, next.length - 1);
  const way = chance.whole('input.way', 0, 3);
  if (way === 0) next.splice(at, 0, 100 + chance.whole('input.new', 0, 50));
  if (way === 1 && next.length > 1) next.splice(at, 1);
  if (way === 2) next.reverse();
  if (way === 3) next.push(next[at] ?? 0);
  return next;
}

/** Contacts of a process before its first create request, and for each job, about. */
const CONTACTS = { engine: { first: 45, job: 35 }, folder: { first: 110, job: 60 } } as const;

function crashOf(number: number, config: WorldConfig, chance: Chance): Crash | null {
  return config.script === null ? drawCrash(config, chance) : (config.script[number]?.crash ?? null);
}

/** Draws the crash of a process: at its beginning, anywhere, or none at all. */
function drawCrash({ powerCuts, jobs, level }: WorldConfig, chance: Chance): Crash | null {
  const { first, job } = CONTACTS[level];
  const way = chance.whole('crash.way', 0, 9);
  const atContact = chance.whole('crash.at', 1, way < 2 ? first : first + job * jobs);
  const kind = chance.between('crash.kind', 0, 1) < powerCuts ? 'powerCut' : 'kill';
  return way === 9 ? null : { atContact, kind };
}

type Driven = Pick<ProcessEnd, 'kind' | 'error'>;

/** Lets time pass until a process ends. */
async function drive({ machine }: World, run: ReturnType<typeof beginRun>): Promise<Driven> {
  const { timeline } = machine;
  let end: Driven | null = null;
  const startedMs = timeline.nowMs;
  run.subscribe({
    error: (error: unknown) => {
      end = { kind: 'failed', error };
    },
    complete: () => {
      end = { kind: 'done', error: null };
    },
  });
  for (;;) {
    await machine.quiet();
    if (machine.fault !== null) throw machine.fault;
    if (machine.process?.isAlive !== true) return { kind: 'crashed', error: null };
    if (end !== null) return end;
    if (timeline.nowMs - startedMs > LONGEST_RUN_MS) return { kind: 'endless', error: null };
    try {
      if (!timeline.step()) return { kind: 'stalled', error: null };
    } catch (error) {
      if (!(error instanceof ProcessEnded)) throw error;
    }
  }
}

/** Lets the time between two processes pass. */
async function pause(world: World, calm: number): Promise<void> {
  const { machine, config, chance } = world;
  const pauseMs = chance.between('pause', 0, config.pauseMs);
  await passUntil(world, machine.timeline.nowMs + Math.max(pauseMs, calm === 0 ? JUDGED_MS : 0));
}

async function passUntil({ machine }: World, untilMs: number): Promise<void> {
  const { timeline } = machine;
  while (timeline.nextMs() <= untilMs) {
    timeline.step();
    await machine.quiet();
  }
  timeline.pass(untilMs);
}
