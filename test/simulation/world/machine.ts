import type { CutPart, Disk } from '../disk/disk.ts';
import { createFileCalls, type FileCalls } from '../disk/fileCalls.ts';
import type { Chance } from './chance.ts';
import { settled } from './settled.ts';
import type { Process, Timeline } from './timeline.ts';
import type { WorldConfig } from './worldConfig.ts';

/** True time at which worlds begin, ms since 1970: 2027-01-15. */
export const EPOCH_MS = 1_800_000_000_000;

/** Thrown into a process that has ended: nothing that it does has an effect any more. */
export class ProcessEnded extends Error {
  override readonly name = 'ProcessEnded';
}

/** Ends by a crash at a moment: `kill` keeps what was written, `powerCut` what was flushed. */
export interface Crash {
  /** The process ends before its n-th contact with the disk, the network, or a timer. */
  readonly atContact: number;
  readonly kind: 'kill' | 'powerCut';
  /** What a power cut leaves of what was not flushed. Default `any`. */
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

/** The machine that runs processes, one at a time: its clock, its disk, its timers. */
export class Machine {
  readonly timeline: Timeline;
  readonly chance: Chance;
  readonly disk: Disk;
  readonly config: WorldConfig;
  process: Process | null = null;
  calls: FileCalls;
  /** Contacts of the current process so far. */
  contacts = 0;
  /** Called when a process ends by a crash, before anything else is lost. */
  onCrash: (() => void)[] = [];
  /** An error of the simulation itself; null if there was none. */
  fault: unknown = null;
  private crash: Crash | null = null;
  private startedMs = 0;
  private pending = new Set<PendingCall>();
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
    this.calls = this.openCalls();
  }

  start(crash: Crash | null): Process {
    mounts += 1;
    const mount = String(mounts).padStart(9, '0');
    const process = { number: (this.process?.number ?? 0) + 1, mount, isAlive: true };
    this.process = process;
    this.crash = crash;
    this.contacts = 0;
    this.startedMs = this.timeline.nowMs;
    this.pending = new Set();
    this.onCrash = [];
    this.calls = this.openCalls();
    return process;
  }

  /** Ends the current process by itself, whatever it has left open. */
  exit(): void {
    if (this.process?.isAlive !== true) return;
    for (const freeze of this.onCrash) freeze();
    this.process.isAlive = false;
    this.calls.unlock();
  }

  /** Counts a contact of the process with the outside; throws if it has ended, or ends now. */
  contact(): void {
    if (this.process?.isAlive !== true) throw new ProcessEnded();
    this.contacts += 1;
    if (this.crash === null || this.contacts < this.crash.atContact) return;
    try {
      this.end(this.crash);
    } catch (error) {
      // Below SQLite, nothing that is thrown gets through.
      this.fault = error;
    }
    throw new ProcessEnded();
  }

  /** Ends the process at once. */
  private end({ kind, part = 'any', damages }: Crash): void {
    if (this.process?.isAlive !== true) return;
    this.log(`${kind} of process ${this.process.number} at its contact ${this.contacts}`);
    for (const freeze of this.onCrash) freeze();
    this.process.isAlive = false;
    for (const { apply, tear } of this.pending) {
      const fate = this.chance.whole('crash.pending', 0, tear === undefined ? 1 : 2);
      try {
        if (fate === 1) apply();
        if (fate === 2) tear?.(this.chance.between('crash.part', 0, 1));
      } catch {
        // It would have failed.
      }
    }
    this.pending.clear();
    if (kind === 'powerCut') this.disk.cutPower(this.chance, part);
    if (damages !== undefined) this.disk.damage(damages);
    this.calls.unlock();
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
      this.pending.add(call);
      this.timeline.after(this.diskMs(), this.process, () => {
        this.pending.delete(call);
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
    const { machineAheadMs, machineDrift, clockSteps } = this.config;
    const { nowMs } = this.timeline;
    const stepped = clockSteps.reduce((sum, { atMs, byMs }) => sum + (nowMs >= atMs ? byMs : 0), 0);
    return EPOCH_MS + nowMs * (1 + machineDrift) + machineAheadMs + stepped;
  }

  /** The time since the process began, by a clock that is never set. */
  monotonicMs(): number {
    return (this.timeline.nowMs - this.startedMs) * (1 + this.config.machineDrift);
  }

  /** The time of day at which the process began. */
  originMs(): number {
    const { machineAheadMs, machineDrift, clockSteps } = this.config;
    const at = this.startedMs;
    const stepped = clockSteps.reduce((sum, { atMs, byMs }) => sum + (at >= atMs ? byMs : 0), 0);
    return EPOCH_MS + at * (1 + machineDrift) + machineAheadMs + stepped;
  }

  private openCalls(): FileCalls {
    const isFull = () => this.chance.strikes('disk.full', this.config.faults.fullDisk);
    return createFileCalls(this.disk, () => Math.floor(this.wallMs()), isFull);
  }
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
