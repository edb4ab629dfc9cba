import { constants, type Dirent, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { type Disk, systemError } from './disk.ts';
import type { Inode } from './inode.ts';

/** An open file, or an open folder. */
interface OpenFile {
  readonly path: string;
  /** Null for a folder. */
  readonly inode: Inode | null;
  readonly appends: boolean;
  position: number;
  /** SQLite flushes the folder with the first flush of a log that it has made, to keep its name. */
  keepsName: boolean;
}

type Data = string | NodeJS.ArrayBufferView;

/** The system calls of one process, which return at once. */
export interface FileCalls {
  /** Returns true if a descriptor is open. */
  has(fd: number): boolean;
  /** Takes a lock that no process has; returns false if one has it. */
  lock(path: string): boolean;
  /** Ends a lock of the process. Default: all of them. */
  unlock(path?: string): void;
  open(path: string, flags?: string | number): number;
  close(fd: number): void;
  read(fd: number, target: NodeJS.ArrayBufferView, offset: number, length: number, at: number | null): number;
  write(fd: number, data: Data, at?: number | null): number;
  fsync(fd: number): void;
  ftruncate(fd: number, size?: number): void;
  fstat(fd: number): Stats;
  stat(path: string): Stats;
  exists(path: string): boolean;
  mkdir(path: string, isRecursive: boolean): void;
  rename(from: string, to: string): void;
  link(from: string, to: string): void;
  rm(path: string, options?: { readonly force?: boolean; readonly recursive?: boolean }): void;
  rmdir(path: string): void;
  readdir(path: string): Dirent[];
  readFile(target: string | number): Buffer;
  writeFile(target: string | number, data: Data, options?: WriteOptions): void;
  copyFile(from: string, to: string, mode?: number): void;
  truncate(path: string, size?: number): void;
}

interface WriteOptions {
  readonly flag?: string;
  readonly flush?: boolean;
}

/** Simulated descriptors are larger than any of the system. */
export const FIRST_FD = 1_000_000;

/** SQLite in WebAssembly makes a folder where Node's takes a lock, which ends with its process. */
const LOCK_OF_SQLITE = /\.sqlite(\.\w+\.rxposure\.part)?\.lock$/;
const LOG_OF_SQLITE = /-(wal|journal)$/;

const FLAGS: Readonly<Record<string, number>> = {
  r: constants.O_RDONLY,
  'r+': constants.O_RDWR,
  w: constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC,
  wx: constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL,
  a: constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND,
};

/** Each process has descriptors of its own: one that has ended closes none of the next. */
const FDS_OF_A_PROCESS = 100_000;
let nextFds = FIRST_FD;

/**
 * Creates the calls of a process. Paths are those of the disk. `isFull` is asked before a write.
 */
export function createFileCalls(disk: Disk, nowMs: () => number, isFull: () => boolean): FileCalls {
  const open = new Map<number, OpenFile>();
  let lastFd = nextFds;
  nextFds += FDS_OF_A_PROCESS;
  const fileOf = (fd: number, syscall: string): OpenFile => {
    const found = open.get(fd);
    if (found === undefined) throw systemError('EBADF', syscall, String(fd));
    return found;
  };
  const inodeOf = (fd: number, syscall: string): Inode => {
    const { inode, path } = fileOf(fd, syscall);
    if (inode === null) throw systemError('EISDIR', syscall, path);
    return inode;
  };
  const expectRoom = (path: string): void => {
    if (isFull()) throw systemError('ENOSPC', 'write', path);
  };
  const opened = (file: OpenFile): number => {
    lastFd += 1;
    open.set(lastFd, file);
    return lastFd;
  };
  const found = (path: string, flags: number): Inode => {
    const known = disk.names.get(path);
    if (known !== undefined && (flags & constants.O_EXCL) !== 0) throw systemError('EEXIST', 'open', path);
    if (known !== undefined || (flags & constants.O_CREAT) === 0) return disk.inode(path, 'open');
    expectRoom(path);
    return disk.create(path, 'open', nowMs());
  };
  const own = new Set<string>();
  const calls: FileCalls = {
    has: (fd) => open.has(fd),
    lock: (path) => {
      if (disk.locks.has(path)) return false;
      own.add(path);
      disk.locks.add(path);
      return true;
    },
    unlock: (one) => {
      for (const path of one === undefined ? [...own] : [one]) if (own.delete(path)) disk.locks.delete(path);
    },
    open: (path, given = 'r') => {
      const flags = typeof given === 'number' ? given : (FLAGS[given] ?? constants.O_RDONLY);
      const isFolder = disk.folders.has(path);
      if (isFolder && (flags & (constants.O_WRONLY | constants.O_RDWR)) !== 0)
        throw systemError('EISDIR', 'open', path);
      if (isFolder) return opened({ path, inode: null, appends: false, position: 0, keepsName: false });
      const keepsName = LOG_OF_SQLITE.test(path) && !disk.names.has(path);
      const inode = found(path, flags);
      if ((flags & constants.O_TRUNC) !== 0) disk.resize(inode, 0, nowMs());
      return opened({ path, inode, appends: (flags & constants.O_APPEND) !== 0, position: 0, keepsName });
    },
    close: (fd) => {
      fileOf(fd, 'close');
      open.delete(fd);
    },
    read: (fd, target, offset, length, at) => {
      const file = fileOf(fd, 'read');
      const { data } = inodeOf(fd, 'read');
      const from = at ?? file.position;
      const bytes = data.subarray(Math.min(from, data.length), Math.min(data.length, from + length));
      bytes.copy(bytesOf(target), offset);
      if (at === null) file.position += bytes.length;
      return bytes.length;
    },
    write: (fd, data, at) => {
      const file = fileOf(fd, 'write');
      const inode = inodeOf(fd, 'write');
      expectRoom(file.path);
      const bytes = bytesOf(data);
      const from = file.appends ? inode.data.length : (at ?? file.position);
      disk.write(inode, from, bytes, nowMs());
      if (at === null || at === undefined) file.position = from + bytes.length;
      return bytes.length;
    },
    fsync: (fd) => {
      const file = fileOf(fd, 'fsync');
      const { inode, path } = file;
      if (inode === null) disk.syncFolder(path);
      else disk.sync(inode);
      disk.onFlush.get(path)?.();
      if (file.keepsName) disk.syncFolder(dirname(path));
      file.keepsName = false;
    },
    ftruncate: (fd, size = 0) => disk.resize(inodeOf(fd, 'ftruncate'), size, nowMs()),
    fstat: (fd) => {
      const { inode, path } = fileOf(fd, 'fstat');
      return statsOf(inode, path);
    },
    stat: (path) => statsOf(disk.folders.has(path) ? null : disk.inode(path, 'stat'), path),
    exists: (path) => disk.names.has(path) || disk.folders.has(path),
    mkdir: (path, isRecursive) => {
      if (LOCK_OF_SQLITE.test(path)) {
        if (!calls.lock(path)) throw systemError('EEXIST', 'mkdir', path);
        return;
      }
      if (calls.exists(path)) {
        if (isRecursive && disk.folders.has(path)) return;
        throw systemError('EEXIST', 'mkdir', path);
      }
      if (!disk.folders.has(dirname(path))) {
        if (!isRecursive) throw systemError('ENOENT', 'mkdir', path);
        calls.mkdir(dirname(path), true);
      }
      disk.makeFolder(path);
    },
    rename: (from, to) => disk.rename(from, to),
    link: (from, to) => disk.link(from, to),
    rm: (path, { force = false, recursive = false } = {}) => {
      if (disk.folders.has(path) && recursive) disk.removeFolder(path, true);
      else if (disk.names.has(path) || !force) disk.remove(path);
    },
    rmdir: (path) => {
      if (own.has(path)) {
        calls.unlock(path);
        return;
      }
      if (!disk.folders.has(path)) throw systemError('ENOENT', 'rmdir', path);
      disk.removeFolder(path, false);
    },
    readdir: (path) => {
      if (!disk.folders.has(path)) throw systemError('ENOENT', 'scandir', path);
      const prefix = path === '/' ? '' : path;
      return disk.entries(path).map((name) => direntOf(name, path, disk.folders.has(`${prefix}/${name}`)));
    },
    readFile: (target) =>
      typeof target === 'number' ? inodeOf(target, 'read').data : disk.inode(target, 'open').data,
    writeFile: (target, data, { flag = 'w', flush = false } = {}) => {
      const fd = typeof target === 'number' ? target : calls.open(target, flag);
      calls.write(fd, data);
      if (flush) calls.fsync(fd);
      if (typeof target !== 'number') calls.close(fd);
    },
    copyFile: (from, to, mode = 0) => {
      const { data } = disk.inode(from, 'copyfile');
      const isExclusive = (mode & constants.COPYFILE_EXCL) !== 0;
      calls.writeFile(to, data, { flag: isExclusive ? 'wx' : 'w' });
    },
    truncate: (path, size = 0) => disk.resize(disk.inode(path, 'open'), size, nowMs()),
  };
  return calls;
}

function bytesOf(data: Data): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

function statsOf(inode: Inode | null, path: string): Stats {
  const isFile = inode !== null;
  const changedMs = inode?.changedMs ?? 0;
  const stats = {
    dev: 1,
    ino: inode?.id ?? 1_000_000 + path.length,
    nlink: 1,
    mode: isFile ? 0o100_644 : 0o040_755,
    size: inode?.data.length ?? 0,
    mtimeMs: changedMs,
    mtime: new Date(changedMs),
    isFile: () => isFile,
    isDirectory: () => !isFile,
    isSymbolicLink: () => false,
  };
  return stats as unknown as Stats;
}

function direntOf(name: string, parentPath: string, isFolder: boolean): Dirent {
  const entry = {
    name,
    parentPath,
    isFile: () => !isFolder,
    isDirectory: () => isFolder,
    isSymbolicLink: () => false,
  };
  return entry as unknown as Dirent;
}
