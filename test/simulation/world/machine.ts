import { AsyncLocalStorage } from 'node:async_hooks';
import type { CutPart } from '../disk/cutPower.ts';
import type { Disk } from '../disk/disk.ts';
import { createFileCalls, type FileCalls } from '../disk/fileCalls.ts';
import type { Chance } from './chance.ts';
import { timeOfDay } from './clocks.ts';
import { settled } from './settled.ts';
import type { Process, Timeline } from './timeline.ts';
import type { WorldConfig } from './worldConfig.ts';

/** Thrown into a process that has ended: nothing that it does has an effect any more. */
export class ProcessEnded extends Error {
  override readonly name = 'ProcessEnded';
}

/** A crash at a moment: `kill` keeps written data, `powerCut` flushed data. */
export interface Crash {
  /** The process ends before its n-th contact with the disk, the network, or a timer. */
  readonly atContact: number;
  readonly kind: 'kill' | 'powerCut';
  /** The part of unflushed data that a power cut leaves. Default `any`. */
  readonly part?: CutPart;
  /** A file whose first page the disk has lost then. Default: none. */
  readonly damages?: string;
}

/** A call of the file system in progress. */
interface PendingCall {
  readonly apply: () => void;
  /** Applies a part of it; absent: it is atomic. */
  readonly tear?: ((part: number) => void) | undefined;
}

/** A process with all that the machine has for it. */
export interface RunningProcess extends Process {
  readonly calls: FileCalls;
  readonly crash: Crash | null;
  readonly startedMs: number;
  readonly pending: Set<PendingCall>;
  /** Called when it ends, before anything else is lost. */
  readonly onEnd: ((isPowerCut: boolean) => void)[];
  /** Contacts so far. */
  contacts: number;
}

/** The process whose code runs now, in worlds that have two at a time. */
const context = new AsyncLocalStorage<Process>();

/** Takes an action of a process, so that all of its consequences are known to be of this one. */
export function enter(owner: Process | null, action: () => void): void {
  if (owner === null) action();
  else context.run(owner, action);
}

/** The machine that runs processes: its clock, its disk, its timers. */
export class Machine {
  readonly timeline: Timeline;
  readonly chance: Chance;
  readonly disk: Disk;
  readonly config: WorldConfig;
  /** An error of the simulation itself; null if there was none. */
  fault: unknown = null;
  private main: RunningProcess | null = null;
  /** All that live, and the last one. */
  private processes: RunningProcess[] = [];
  private started = 0;
  /** Work on real threads that is not done. */
  private readonly working = new Set<Promise<void>>();
  private readonly log: (line: string) => void;

  constructor(
    parts: { timeline: Timeline; chance: Chance; disk: Disk; log: (line: string) => void },
    config: WorldConfig,
  ) {
    this.timeline = parts.timeline;
    this.chance = parts.chance;
    this.disk = parts.disk;
    this.log = parts.log;
    this.config = config;
  }

  /** The process whose code runs. */
  get process(): RunningProcess | null {
    if (this.config.twins === 0) return this.main;
    return (context.getStore() as RunningProcess | undefined) ?? this.main;
  }

  /** The system calls of that process. */
  get calls(): FileCalls {
    const { process } = this;
    if (process === null) throw new ProcessEnded();
    return process.calls;
  }

  /** Starts a process in place of the ones that have ended. */
  start(crash: Crash | null): RunningProcess {
    this.processes = [];
    this.main = this.startBeside(crash);
    return this.main;
  }

  /** Starts a process while another one runs. */
  startBeside(crash: Crash | null): RunningProcess {
    mounts += 1;
    this.started += 1;
    const process: RunningProcess = {
      number: this.started,
      mount: String(mounts).padStart(9, '0'),
      isAlive: true,
      calls: this.openCalls(),
      crash,
      startedMs: this.timeline.nowMs,
      pending: new Set(),
      onEnd: [],
      contacts: 0,
    };
    this.processes.push(process);
    return process;
  }

  /** Returns true if a process of this number runs. */
  isRunning(number: number): boolean {
    return this.processes.some((process) => process.isAlive && process.number === number);
  }

  /** Ends a process by itself, also with open files. Default: all of them. */
  exit(one?: RunningProcess): void {
    for (const process of one === undefined ? this.processes : [one]) stop(process);
  }

  /** Counts a contact of the process with the outside; throws if it has ended, or ends now. */
  contact(): void {
    const { process } = this;
    if (process?.isAlive !== true) throw new ProcessEnded();
    process.contacts += 1;
    const { crash, contacts } = process;
    if (crash === null || contacts < crash.atContact) return;
    try {
      this.end(process, crash);
    } catch (error) {
      // Below SQLite, nothing that is thrown gets through.
      this.fault = error;
    }
    throw new ProcessEnded();
  }

  /** Ends a process at once; a power cut ends all. */
  private end(process: RunningProcess, { kind, part = 'any', damages }: Crash): void {
    this.log(`${kind} of process ${process.number} at its contact ${process.contacts}`);
    const ended = kind === 'powerCut' ? this.processes.filter(({ isAlive }) => isAlive) : [process];
    for (const one of ended) {
      stop(one, kind === 'powerCut');
      for (const { apply, tear } of one.pending) {
        const fate = this.chance.whole('crash.pending', 0, tear === undefined ? 1 : 2);
        try {
          if (fate === 1) apply();
          if (fate === 2) tear?.(this.chance.between('crash.part', 0, 1));
        } catch {
          // It would have failed.
        }
      }
      one.pending.clear();
    }
    if (kind === 'powerCut') this.disk.cutPower(this.chance, part);
    if (damages !== undefined) this.disk.damage(damages);
  }

  /** Makes a call of the file system that takes its time. Never settles if the process ends. */
  submit<T>(apply: () => T, tear?: (part: number) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      try {
        this.contact();
      } catch {
        return;
      }
      const call: PendingCall = { apply: () => void apply(), tear };
      const { process } = this;
      process?.pending.add(call);
      this.timeline.after(this.diskMs(), process, () => {
        process?.pending.delete(call);
        try {
          resolve(apply());
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  /**
   * Does work on real threads, such as sharp's, which takes virtual time all the same. Never settles
   * if the process ends.
   */
  outside<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      try {
        this.contact();
      } catch {
        return;
      }
      let settle = () => {};
      const done = work()
        .then(
          (result) => {
            settle = () => resolve(result);
          },
          (error: unknown) => {
            settle = () => reject(error);
          },
        )
        .then(() => void this.working.delete(done));
      this.working.add(done);
      this.timeline.after(this.chance.between('outside.ms', 1, 40), this.process, () => settle());
    });
  }

  /** Waits until no work on real threads is left, so that the next event is the same each time. */
  async quiet(): Promise<void> {
    await settled();
    while (this.working.size > 0) {
      await Promise.all(this.working);
      await settled();
    }
  }

  /** Reads a whole file at once, by its path on the disk. */
  readNow(path: string): Buffer {
    this.contact();
    return this.calls.readFile(path);
  }

  private diskMs(): number {
    const isSlow = this.chance.strikes('disk.slow', this.config.faults.slowDisk);
    return this.chance.between('disk.ms', 0.02, isSlow ? 3_000 : 1);
  }

  /** The machine's time of day. */
  wallMs(): number {
    return timeOfDay(this.config, this.timeline.nowMs);
  }

  /** The time since the process began, by a clock that is never set. */
  monotonicMs(): number {
    return (this.timeline.nowMs - this.startedMs()) * (1 + this.config.machineDrift);
  }

  /** The time of day at which the process began. */
  originMs(): number {
    return timeOfDay(this.config, this.startedMs());
  }

  private startedMs(): number {
    return this.process?.startedMs ?? 0;
  }

  private openCalls(): FileCalls {
    const isFull = () => this.chance.strikes('disk.full', this.config.faults.fullDisk);
    return createFileCalls(this.disk, () => Math.floor(this.wallMs()), isFull);
  }
}

function stop(process: RunningProcess, isPowerCut = false): void {
  if (!process.isAlive) return;
  for (const close of process.onEnd) close(isPowerCut);
  process.isAlive = false;
  process.calls.unlock();
}

/** Mount points given so far. */
let mounts = 0;

let current: Machine | null = null;

/** Returns the machine that patched calls go to. */
export function currentMachine(): Machine {
  if (current === null) throw new Error('No world is running');
  return current;
}

export function hasMachine(): boolean {
  return current !== null;
}

export function useMachine(machine: Machine | null): void {
  current = machine;
}
