import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { currentMachine, hasMachine, type Machine } from '../world/machine.ts';
import type { Process } from '../world/timeline.ts';
import { FIRST_FD, type FileCalls } from './fileCalls.ts';

/**
 * The file system of the simulated machine, below `/sim/<mount>/vm` of the real one. Node's own
 * module is patched, as `syncBuiltinESMExports` allows: so all code, that of libraries included, is
 * the same as in real runs. Each process has a mount point of its own, and a folder above it, so
 * that it never meets the remains of an earlier one in the memory of this real process.
 */
const MOUNT = /^\/sim(?:\/\d+(?:\/vm)?)?(?=\/|$)/;

/** Returns the mount point of a process. */
export function mountOf(process: Pick<Process, 'mount'>): string {
  return `/sim/${process.mount}/vm`;
}

/** Returns true for a path of the simulated disk, and for the descriptor of an open file of it. */
export function isMounted(target: unknown): boolean {
  if (typeof target === 'number') return target >= FIRST_FD;
  return typeof target === 'string' && hasMachine() && MOUNT.test(target);
}

/** Returns a path as the disk knows it. */
export function onDisk(path: string): string {
  const stripped = path.replace(MOUNT, '').replace(/\/+$/, '');
  return stripped === '' ? '/' : stripped;
}

type Args = readonly unknown[];
type Call = (calls: FileCalls, args: Args) => unknown;
const text = (args: Args, at = 0) => args[at] as string;
const path = (args: Args, at = 0) => onDisk(text(args, at));
const number = (args: Args, at = 0) => args[at] as number;
const target = (args: Args) => (typeof args[0] === 'number' ? args[0] : path(args));
const data = (args: Args) => args[1] as Buffer | string;
const encodingOf = (options: unknown): BufferEncoding | null => {
  if (typeof options === 'string') return options as BufferEncoding;
  return (options as { encoding?: BufferEncoding } | undefined)?.encoding ?? null;
};
const encoded = (data: Buffer, options: unknown): Buffer | string => {
  const encoding = encodingOf(options);
  return encoding === null ? Buffer.from(data) : data.toString(encoding);
};

interface ReadOptions {
  readonly offset?: number | null;
  readonly length?: number;
  readonly position?: number | bigint | null;
}

/** `read(fd, buffer, offset, length, position)` or `read(fd, buffer, { … })`. */
function read(calls: FileCalls, args: Args): number {
  const view = args[1] as Buffer;
  const given = args[2];
  const options: ReadOptions =
    typeof given === 'object' && given !== null
      ? given
      : { offset: number(args, 2), length: number(args, 3), position: number(args, 4) };
  const { offset, length, position } = options;
  const at = position == null ? null : Number(position);
  return calls.read(number(args), view, offset ?? 0, length ?? view.byteLength, at);
}

/** `write(fd, buffer, offset, length, position)` or `write(fd, text, position)`. */
function write(calls: FileCalls, args: Args): number {
  const written = data(args);
  const given = args[2] as number | null | undefined;
  if (typeof written === 'string') return calls.write(number(args), written, given ?? null);
  const from = given ?? 0;
  const bytes = written.subarray(from, from + (number(args, 3) ?? written.length - from));
  return calls.write(number(args), bytes, number(args, 4) ?? null);
}

const writeOptions = (options: unknown) => (typeof options === 'object' && options !== null ? options : {});

/** The calls by the names that they have in `node:fs`, without `Sync`. */
const table: Readonly<Record<string, Call>> = {
  open: (calls, args) => calls.open(path(args), args[1] as string | number | undefined),
  close: (calls, args) => calls.close(number(args)),
  read,
  write,
  fsync: (calls, args) => calls.fsync(number(args)),
  fdatasync: (calls, args) => calls.fsync(number(args)),
  ftruncate: (calls, args) => calls.ftruncate(number(args), number(args, 1)),
  fstat: (calls, args) => calls.fstat(number(args)),
  stat: (calls, args) => calls.stat(path(args)),
  lstat: (calls, args) => calls.stat(path(args)),
  realpath: (calls, args) => {
    calls.stat(path(args));
    return args[0];
  },
  access: (calls, args) => void calls.stat(path(args)),
  mkdir: (calls, args) => calls.mkdir(path(args), hasFlag(args[1], 'recursive')),
  rename: (calls, args) => calls.rename(path(args), path(args, 1)),
  link: (calls, args) => calls.link(path(args), path(args, 1)),
  rm: (calls, args) =>
    calls.rm(path(args), { force: hasFlag(args[1], 'force'), recursive: hasFlag(args[1], 'recursive') }),
  unlink: (calls, args) => calls.rm(path(args)),
  rmdir: (calls, args) => calls.rmdir(path(args)),
  readdir: (calls, args) => {
    const entries = calls.readdir(path(args));
    return hasFlag(args[1], 'withFileTypes') ? entries : entries.map(({ name }) => name);
  },
  readFile: (calls, args) => encoded(calls.readFile(target(args)), args[1]),
  writeFile: (calls, args) => calls.writeFile(target(args), data(args), writeOptions(args[2])),
  appendFile: (calls, args) => calls.writeFile(target(args), data(args), { flag: 'a' }),
  copyFile: (calls, args) => calls.copyFile(path(args), path(args, 1), number(args, 2)),
  truncate: (calls, args) => calls.truncate(path(args), number(args, 1)),
  utimes: () => undefined,
};

function hasFlag(options: unknown, name: string): boolean {
  return (options as Readonly<Record<string, unknown>> | undefined)?.[name] === true;
}

/** Calls that a crash may tear: their data argument. */
const torn = new Set(['write', 'writeFile', 'appendFile']);

function submit(name: string, args: Args): Promise<unknown> {
  const machine = currentMachine();
  const call = table[name] as Call;
  const { calls } = machine;
  if (!isOwn(machine, args[0])) return new Promise(() => {});
  return machine.submit(
    () => call(calls, args),
    torn.has(name) ? (part) => tear(machine, call, args, part) : undefined,
  );
}

function tear({ calls }: Machine, call: Call, args: Args, part: number): void {
  const [first, written, ...rest] = args;
  const bytes = typeof written === 'string' ? Buffer.from(written) : (written as Buffer);
  const piece = bytes.subarray(0, Math.floor(part * bytes.length));
  call(calls, [first, piece, ...(typeof written === 'string' ? [] : rest)]);
}

/** Returns true if a path belongs to the process that runs now. */
function isOwn({ process }: Machine, of: unknown): boolean {
  if (process?.isAlive !== true) return false;
  if (typeof of === 'number') return process.calls.has(of);
  const mount = mountOf(process);
  return of === mount || of === dirname(mount) || (of as string).startsWith(`${mount}/`);
}

function sync(name: string, args: Args): unknown {
  const machine = currentMachine();
  machine.contact();
  return (table[name] as Call)(machine.calls, args);
}

/** An open file as `fs.promises.open` gives it. */
class Handle {
  readonly fd: number;
  private closing: Promise<unknown> | null = null;
  constructor(fd: number) {
    this.fd = fd;
  }
  private call(name: string, ...args: unknown[]): Promise<unknown> {
    return submit(name, [this.fd, ...args]);
  }
  stat = () => this.call('fstat');
  sync = () => this.call('fsync');
  datasync = () => this.call('fdatasync');
  truncate = (size?: number) => this.call('ftruncate', size);
  // As Node's does: a second time is no error.
  close = () => {
    this.closing ??= this.call('close');
    return this.closing;
  };
  readFile = (options?: unknown) => this.call('readFile', options);
  writeFile = (data: unknown) => this.call('writeFile', data);
  appendFile = (data: unknown) => this.call('writeFile', data);
  createReadStream = () => Readable.from(this.content());
  private async *content() {
    yield await this.readFile();
  }
  async read(buffer: NodeJS.ArrayBufferView, ...rest: unknown[]) {
    return { bytesRead: await this.call('read', buffer, ...rest), buffer };
  }
  async write(buffer: unknown, ...rest: unknown[]) {
    return { bytesWritten: await this.call('write', buffer, ...rest), buffer };
  }
}

const promised: Readonly<Record<string, (args: Args) => Promise<unknown>>> = {
  open: async (args) => new Handle((await submit('open', args)) as number),
  opendir: async (args) => {
    const entries = await submit('readdir', [args[0], { withFileTypes: true }]);
    return (async function* () {
      yield* entries as fs.Dirent[];
    })();
  },
  statfs: async () => ({ bsize: 4_096, blocks: 1e9, bfree: 9e8, bavail: 9e8, files: 1e9, ffree: 9e8 }),
};

type Patched = Record<string, (...args: unknown[]) => unknown>;

/** Mounts the simulated file system for the rest of this process's life. */
export function mountDisks(): void {
  const own = fs as unknown as Patched;
  const promises = fs.promises as unknown as Patched;
  for (const name of Object.keys(table)) {
    const real = own[name];
    const realSync = own[`${name}Sync`];
    const realPromise = promises[name];
    own[`${name}Sync`] = (...args) => (isMounted(args[0]) ? syncOrNone(name, args) : realSync?.(...args));
    own[name] = Object.assign(
      (...args: unknown[]) => (isMounted(args[0]) ? withCallback(name, args) : real?.(...args)),
      // `realpath` has a `native` form.
      real,
    );
    promises[name] = (...args) =>
      isMounted(args[0]) ? (promised[name]?.(args) ?? submit(name, args)) : realPromise?.(...args);
  }
  for (const name of ['opendir', 'statfs'] as const) {
    const real = promises[name];
    promises[name] = (...args) => (isMounted(args[0]) ? promised[name]?.(args) : real?.(...args));
  }
  const { existsSync } = fs;
  own.existsSync = (...args) => (isMounted(args[0]) ? exists(args) : existsSync(args[0] as never));
  syncBuiltinESMExports();
}

function exists(args: Args): boolean {
  const machine = currentMachine();
  machine.contact();
  return machine.calls.exists(path(args));
}

function syncOrNone(name: string, args: Args): unknown {
  try {
    return sync(name, args);
  } catch (error) {
    const { throwIfNoEntry } = (args[1] ?? {}) as { throwIfNoEntry?: boolean };
    const isQuiet = throwIfNoEntry === false;
    if (isQuiet && (error as { code?: string }).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Calls back with the result of the call; `read` and `write` also with their buffer. */
function withCallback(name: string, args: Args): void {
  const callback = args.at(-1) as unknown as (error: unknown, ...results: unknown[]) => void;
  submit(name, args.slice(0, -1)).then(
    (result) => callback(null, result, args[1]),
    (error: unknown) => callback(error),
  );
}
