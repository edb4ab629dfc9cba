import { dirname } from 'node:path';
import type { Chance } from '../world/chance.ts';

/** A file, whatever names it has. */
export interface Inode {
  readonly id: number;
  /** What programs read. Never changed in place, so that a flush need not copy it. */
  data: Buffer;
  /** What survives a power cut for certain. */
  durable: Buffer;
  /** Writes since the last flush, in their order. */
  writes: Write[];
  changedMs: number;
}

/** A write, or a change of the size. */
type Write = { readonly at: number; readonly bytes: Buffer } | { readonly size: number };

/** A change of the names in a folder that is not flushed yet. */
interface NameChange {
  readonly folder: string;
  readonly apply: (names: Map<string, Inode>) => void;
}

/** An error of the file system. */
export function systemError(code: string, syscall: string, path: string): NodeJS.ErrnoException {
  const errno = {
    ENOENT: -2,
    EEXIST: -17,
    ENOSPC: -28,
    ENOTDIR: -20,
    EISDIR: -21,
    EBADF: -9,
    ENOTEMPTY: -39,
  };
  return Object.assign(new Error(`${code}: simulated, ${syscall} '${path}'`), {
    code,
    syscall,
    path,
    errno: errno[code as keyof typeof errno] ?? -5,
  });
}

/**
 * A disk in memory. Programs see all that was written; a power cut leaves what was flushed, and of
 * the rest any part: of each folder's changes of names a prefix, of each file's pages any state
 * since its flush, with zeros in the holes, or all up to a write that is torn at any byte. Renames are atomic. Folders are there at once.
 *
 * That is what POSIX promises, and less than ext4 gives (after Pillai et al., OSDI '14).
 */
export class Disk {
  names = new Map<string, Inode>();
  readonly folders = new Set<string>(['/']);
  private durableNames = new Map<string, Inode>();
  private changes: NameChange[] = [];
  private lastId = 0;

  inode(path: string, syscall: string): Inode {
    const found = this.names.get(path);
    if (found !== undefined) return found;
    if (this.folders.has(path)) throw systemError('EISDIR', syscall, path);
    throw systemError('ENOENT', syscall, path);
  }

  create(path: string, syscall: string, nowMs: number): Inode {
    if (!this.folders.has(dirname(path))) throw systemError('ENOENT', syscall, path);
    if (this.folders.has(path)) throw systemError('EISDIR', syscall, path);
    this.lastId += 1;
    const inode: Inode = {
      id: this.lastId,
      data: Buffer.alloc(0),
      durable: Buffer.alloc(0),
      writes: [],
      changedMs: nowMs,
    };
    this.change(path, (names) => names.set(path, inode));
    return inode;
  }

  write(inode: Inode, at: number, bytes: Uint8Array, nowMs: number): void {
    if (bytes.length === 0) return;
    const written = Buffer.from(bytes);
    inode.data = overwritten(inode.data, at, written);
    inode.writes.push({ at, bytes: written });
    inode.changedMs = nowMs;
  }

  resize(inode: Inode, size: number, nowMs: number): void {
    if (size === inode.data.length) return;
    inode.data = resized(inode.data, size);
    inode.writes.push({ size });
    inode.changedMs = nowMs;
  }

  /** Makes what a file holds durable. */
  sync(inode: Inode): void {
    inode.durable = inode.data;
    inode.writes = [];
  }

  /** Makes the names in a folder durable. */
  syncFolder(folder: string): void {
    for (const { apply } of this.changes.filter((one) => one.folder === folder)) apply(this.durableNames);
    this.changes = this.changes.filter((one) => one.folder !== folder);
  }

  rename(from: string, to: string): void {
    const inode = this.inode(from, 'rename');
    if (!this.folders.has(dirname(to))) throw systemError('ENOENT', 'rename', to);
    this.change(to, (names) => {
      if (names.get(from) === inode) names.delete(from);
      names.set(to, inode);
    });
  }

  link(from: string, to: string): void {
    const inode = this.inode(from, 'link');
    if (this.names.has(to)) throw systemError('EEXIST', 'link', to);
    this.change(to, (names) => names.set(to, inode));
  }

  remove(path: string): void {
    this.inode(path, 'unlink');
    this.change(path, (names) => names.delete(path));
  }

  removeFolder(path: string, isRecursive: boolean): void {
    const inside = [...this.names.keys(), ...this.folders].filter((name) => name.startsWith(`${path}/`));
    if (inside.length > 0 && !isRecursive) throw systemError('ENOTEMPTY', 'rmdir', path);
    for (const name of inside) {
      if (this.names.has(name)) this.remove(name);
      this.folders.delete(name);
    }
    this.folders.delete(path);
  }

  entries(folder: string): string[] {
    const prefix = folder === '/' ? '/' : `${folder}/`;
    const all = [...this.names.keys(), ...this.folders];
    return all
      .filter((name) => name.startsWith(prefix) && name.length > prefix.length)
      .map((name) => name.slice(prefix.length))
      .filter((name) => !name.includes('/'))
      .sort();
  }

  /** Leaves what a power cut leaves. */
  cutPower(chance: Chance): void {
    const kept = new Map<string, number>();
    for (const { folder } of this.changes) kept.set(folder, (kept.get(folder) ?? 0) + 1);
    for (const [folder, pending] of kept) kept.set(folder, chance.whole('cut.names', 0, pending));
    for (const { folder, apply } of this.changes) {
      const left = kept.get(folder) ?? 0;
      if (left > 0) apply(this.durableNames);
      kept.set(folder, left - 1);
    }
    this.changes = [];
    this.names = new Map([...this.durableNames].filter(([path]) => this.folders.has(dirname(path))));
    for (const inode of new Set(this.names.values())) {
      if (inode.writes.length > 0) inode.data = leftOf(inode, chance);
      this.sync(inode);
    }
  }

  private change(path: string, apply: NameChange['apply']): void {
    apply(this.names);
    this.changes.push({ folder: dirname(path), apply });
  }
}

const PAGE_BYTES = 4_096;

/**
 * Returns what a power cut leaves of a file that was not flushed: each of its pages as it was after
 * some of the writes. Half of the time that is the same moment for all pages, and the next write is
 * torn.
 */
function leftOf({ durable, writes }: Inode, chance: Chance): Buffer {
  const moments = [durable];
  for (const write of writes) moments.push(applied(moments.at(-1) ?? durable, write));
  const reached = chance.whole('cut.reached', 0, writes.length);
  const next = writes[reached];
  const before = moments[reached] ?? durable;
  if (chance.whole('cut.order', 0, 1) === 1) {
    if (next === undefined || 'size' in next) return before;
    return overwritten(before, next.at, next.bytes.subarray(0, chance.whole('cut.at', 0, next.bytes.length)));
  }
  const pages = Math.ceil(Math.max(...moments.map(({ length }) => length)) / PAGE_BYTES);
  const chosen = Array.from({ length: pages }, () => chance.whole('cut.page', 0, reached));
  const left = Buffer.alloc(moments[Math.max(0, ...chosen)]?.length ?? 0);
  for (const [page, moment] of chosen.entries()) {
    const start = page * PAGE_BYTES;
    moments[moment]?.copy(left, start, start, Math.min(start + PAGE_BYTES, left.length));
  }
  return left;
}

function applied(data: Buffer, write: Write): Buffer {
  return 'size' in write ? resized(data, write.size) : overwritten(data, write.at, write.bytes);
}

function overwritten(data: Buffer, at: number, bytes: Buffer): Buffer {
  if (bytes.length === 0) return data;
  if (at === data.length) return Buffer.concat([data, bytes]);
  const next = Buffer.alloc(Math.max(data.length, at + bytes.length));
  data.copy(next);
  bytes.copy(next, at);
  return next;
}

function resized(data: Buffer, size: number): Buffer {
  if (size <= data.length) return data.subarray(0, size);
  const next = Buffer.alloc(size);
  data.copy(next);
  return next;
}
