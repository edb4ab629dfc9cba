import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Creates a folder and its parents, one at a time: Node's own recursive `mkdir` never returns if a
 * file system refuses with ENOENT, as `/proc` does. Flushes its name, so that a power cut does not
 * take it with all that is flushed inside. Throws the system's error.
 */
export function makeFolder(path: string): void {
  const parent = dirname(resolve(path));
  if (!existsSync(path)) {
    makeFolder(parent);
    try {
      mkdirSync(path);
    } catch (error) {
      // Another process may have been faster.
      if (!existsSync(path)) throw error;
    }
  }
  // Also if it was there: the process that made it may have been killed before it came to this.
  keepNamesIn(parent);
}

function keepNamesIn(folder: string): void {
  try {
    syncFolderNow(folder);
  } catch (error) {
    if (!isOthers(error)) throw error;
  }
}

/** Folders whose names this process has flushed. */
const kept = new Set<string>();
/** A run may have one for each job. */
const MOST_KEPT = 10_000;

/**
 * Creates a folder and its parents, and flushes their names, as `makeFolder` does; looks at each
 * folder once. Loads fs-extra when the first is made. Rejects with the system's error.
 */
export async function ensureDir(path: string): Promise<void> {
  const isThere = isFolder(path);
  if (isThere && kept.has(path)) return;
  const parent = dirname(resolve(path));
  if (!isThere) {
    // It may have been deleted: a second caller finds the new one, whose name is not flushed yet.
    kept.delete(path);
    await ensureDir(parent);
    const { ensureDir: ensure } = await import('fs-extra/esm');
    await ensure(path);
  }
  await syncFolder(parent).catch((error: unknown) => {
    if (!isOthers(error)) throw error;
  });
  if (kept.size === MOST_KEPT) kept.clear();
  kept.add(path);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** The flushes of a folder: the running one, and the next one for calls that came during it. */
interface FolderFlushes {
  readonly running: Promise<void>;
  next: Promise<void> | null;
}

const flushes = new Map<string, FolderFlushes>();

/**
 * Flushes a folder so that names inside it survive a power cut. Calls that come while it is being
 * flushed share the next flush. Does nothing on Windows, which cannot flush folders and does not
 * need to. Rejects with the system's error.
 *
 *     syncFolder(out)   a---.
 *     syncFolder(out)   -b------.    the running flush may have begun before the caller's rename
 *     syncFolder(out)   --c-----.
 */
export function syncFolder(folder: string): Promise<void> {
  const begun = flushes.get(folder);
  if (begun === undefined) return beginFlush(folder);
  const begin = () => beginFlush(folder);
  begun.next ??= begun.running.then(begin, begin);
  return begun.next;
}

function beginFlush(folder: string): Promise<void> {
  const running = flushFolder(folder).finally(() => {
    if (flushes.get(folder)?.next === null) flushes.delete(folder);
  });
  flushes.set(folder, { running, next: null });
  return running;
}

async function flushFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    if (!isUnsupported(error)) throw error;
  } finally {
    await handle.close();
  }
}

/** Flushes a folder, as `syncFolder` does, before it returns. Throws the system's error. */
export function syncFolderNow(folder: string): void {
  if (process.platform === 'win32') return;
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } catch (error) {
    if (!isUnsupported(error)) throw error;
  } finally {
    closeSync(fd);
  }
}

/** Some file systems flush no folders: FUSE, SMB, and others of networks. */
function isUnsupported(error: unknown): boolean {
  const codes = ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EPERM', 'EBADF'];
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

/** Returns true if a folder may be passed, but not opened: one of the system's, above one's own. */
function isOthers(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EACCES';
}
