import { dirname } from 'node:path';
import type { Chance } from '../world/chance.ts';
import { type CutPart, keeps, leftOf } from './cutPower.ts';
import { type Inode, overwritten, PAGE_BYTES, resized } from './inode.ts';

/** A change of the names in a folder that is not flushed yet. */
interface NameChange {
  readonly folder: string;
  readonly apply: (tree: Tree) => void;
}

/** All files and folders by their paths. */
interface Tree {
  readonly names: Map<string, Inode>;
  readonly folders: Set<string>;
}

const newTree = (): Tree => ({ names: new Map(), folders: new Set(['/']) });

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
 * A disk in memory. Programs see all written data; a power cut leaves flushed data, and any part of
 * the rest: changes of names, each file's pages in any state since its flush, with zeros in the
 * holes, or all up to a write that is torn at any byte (`CutPart`). Renames are atomic. A folder is
 * a name in the one above it, and lost with that.
 *
 * POSIX promises that much, and ext4 more (after Pillai et al., OSDI '14).
 */
export class Disk {
  /** Called when a file is flushed, by its path. */
  readonly onFlush = new Map<string, () => void>();
  /** Locks that processes hold. */
  readonly locks = new Set<string>();
  private tree = newTree();
  private readonly durable = newTree();
  private changes: NameChange[] = [];
  private lastId = 0;

  get names(): ReadonlyMap<string, Inode> {
    return this.tree.names;
  }

  get folders(): ReadonlySet<string> {
    return this.tree.folders;
  }

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
    this.change(path, ({ names }) => names.set(path, inode));
    return inode;
  }

  makeFolder(path: string): void {
    this.change(path, ({ folders }) => folders.add(path));
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

  /** Makes the content of a file durable. */
  sync(inode: Inode): void {
    inode.durable = inode.data;
    inode.writes = [];
  }

  /** Makes the names in a folder durable. */
  syncFolder(folder: string): void {
    for (const { apply } of this.changes.filter((one) => one.folder === folder)) apply(this.durable);
    this.changes = this.changes.filter((one) => one.folder !== folder);
  }

  rename(from: string, to: string): void {
    const inode = this.inode(from, 'rename');
    if (!this.folders.has(dirname(to))) throw systemError('ENOENT', 'rename', to);
    this.change(to, ({ names }) => {
      if (names.get(from) === inode) names.delete(from);
      names.set(to, inode);
    });
  }

  link(from: string, to: string): void {
    const inode = this.inode(from, 'link');
    if (this.names.has(to)) throw systemError('EEXIST', 'link', to);
    this.change(to, ({ names }) => names.set(to, inode));
  }

  remove(path: string): void {
    this.inode(path, 'unlink');
    this.change(path, ({ names }) => names.delete(path));
  }

  removeFolder(path: string, isRecursive: boolean): void {
    const inside = [...this.names.keys(), ...this.folders].filter((name) => name.startsWith(`${path}/`));
    if (inside.length > 0 && !isRecursive) throw systemError('ENOTEMPTY', 'rmdir', path);
    for (const name of inside) {
      if (this.names.has(name)) this.remove(name);
      else this.change(name, ({ folders }) => folders.delete(name));
    }
    this.change(path, ({ folders }) => folders.delete(path));
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

  /** Keeps flushed names and contents, and a part of the others. */
  cutPower(chance: Chance, part: CutPart = 'any'): void {
    const isKept = keeps(this.changes, part, chance);
    for (const [at, { apply }] of this.changes.entries()) if (isKept(at)) apply(this.durable);
    this.changes = [];
    this.dropLost();
    this.tree = { names: new Map(this.durable.names), folders: new Set(this.durable.folders) };
    for (const inode of new Set(this.names.values())) {
      if (inode.writes.length > 0) inode.data = leftOf(inode, part, chance);
      this.sync(inode);
    }
  }

  /** Fills the first page of a file with zeros, if it is there. */
  damage(path: string): void {
    const inode = this.names.get(path);
    if (inode === undefined) return;
    const zeros = Buffer.alloc(Math.min(PAGE_BYTES, inode.data.length));
    inode.data = overwritten(inode.data, 0, zeros);
    this.sync(inode);
  }

  /** Drops files and folders in folders whose own names were lost. */
  private dropLost(): void {
    const { names, folders } = this.durable;
    const isThere = (path: string): boolean => path === '/' || (folders.has(path) && isThere(dirname(path)));
    for (const path of folders) if (!isThere(path)) folders.delete(path);
    for (const path of names.keys()) if (!isThere(dirname(path))) names.delete(path);
  }

  private change(path: string, apply: NameChange['apply']): void {
    apply(this.tree);
    this.changes.push({ folder: dirname(path), apply });
  }
}
