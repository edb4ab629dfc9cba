import { hash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';

const holderSchema = z.object({
  /** Name of the machine, for people. */
  host: z.string(),
  /** Hash of that name and the machine's own id: machines may have the same name. */
  machine: z.string(),
  /** Differs after each start of the machine; null if the system has none. */
  bootId: z.string().nullable(),
  /** The space in which `pid` is unique: each container has its own. Null if there is only one. */
  pidNamespace: z.string().nullable(),
  pid: z.int().positive(),
  /**
   * Start of the process, which distinguishes it from a later one with its pid; null if unknown.
   */
  processStart: z.string().nullable(),
  /** Random; differs for each lease. It becomes a part of a file name. */
  token: z.string().regex(/^[^/\\\0]+$/),
  /** When the lease was taken, ISO 8601. */
  since: z.string(),
  /** True if the holder has ended the lease, but could not delete it. */
  ended: z.boolean().default(false),
});

/** The process that holds a lease. */
export type LeaseHolder = Readonly<z.infer<typeof holderSchema>>;

/** Returns this process as the holder of a new lease. */
export function thisProcess(token: string, nowMs = Date.now()): LeaseHolder {
  return {
    host: hostname(),
    machine: hash('sha256', `${hostname()} ${contentOf('/etc/machine-id') ?? ''}`, 'hex').slice(0, 16),
    bootId: contentOf('/proc/sys/kernel/random/boot_id'),
    pidNamespace: pidNamespace(),
    pid: process.pid,
    processStart: runningSince(process.pid),
    token,
    since: new Date(nowMs).toISOString(),
    ended: false,
  };
}

/** Returns the content of a lease file; of the same length after each renewal. */
export function leaseText(holder: LeaseHolder, renewals: number): string {
  return `${JSON.stringify({ ...holder, renewals: String(renewals).padStart(12, '0') })}\n`;
}

/** Parses the content of a lease file; null if it is not whole. */
export function parseHolder(text: string): LeaseHolder | null {
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/**
 * The state of the process that holds a lease: `unknown` if it is on another machine, or this
 * system does not report it.
 */
export type HolderState = 'alive' | 'dead' | 'unknown';

/** Returns the state of a holder, as seen from the process `own`. */
export function stateOf(holder: LeaseHolder, own: LeaseHolder): HolderState {
  if (holder.ended) return 'dead';
  if (holder.machine !== own.machine) return 'unknown';
  // Containers of one image may have one name and id on several machines.
  if (holder.pidNamespace !== own.pidNamespace) return 'unknown';
  if (holder.bootId !== own.bootId) return holder.bootId === null || own.bootId === null ? 'unknown' : 'dead';
  if (!exists(holder.pid)) return 'dead';
  const since = runningSince(holder.pid);
  if (since === null || holder.processStart === null) return 'unknown';
  return since === holder.processStart ? 'alive' : 'dead';
}

/** Describes a holder for people: `process 4242 on studio, since 2026-11-27 20:41:07 UTC`. */
export function describeHolder({ host, pid, since }: LeaseHolder): string {
  const name = pid === process.pid && host === hostname() ? 'this process' : `process ${pid} on ${host}`;
  return `${name}, since ${since.slice(0, 19).replace('T', ' ')} UTC`;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it belongs to another user.
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

/** State and start of a process in `/proc/PID/stat`, behind its name, which may be any text. */
const STAT = /^.*\) (?<state>\S)(?: \S+){18} (?<start>\d+) /s;

/**
 * Returns the start of a process, in clock ticks since that of the machine; null if the system does
 * not say. `ended` for a process that has ended and that its parent has not looked after yet.
 */
function runningSince(pid: number): string | null {
  const { state, start } = STAT.exec(contentOf(`/proc/${pid}/stat`) ?? '')?.groups ?? {};
  if (state === 'Z' || state === 'X') return 'ended';
  return start ?? null;
}

function contentOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}

function pidNamespace(): string | null {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return null;
  }
}
