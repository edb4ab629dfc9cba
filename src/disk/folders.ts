import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
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
  if (process.platform === 'win32') return;
  let fd: number | null = null;
  try {
    fd = openSync(folder, 'r');
    fsyncSync(fd);
  } catch (error) {
    if (!isOthers(error) && !isUnsupported(error)) throw error;
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

/** Folders whose names this process has flushed. */
const kept = new Set<string>();
/** A run may have one for each job. */
const MOST_KEPT = 10_000;

/**
 * Creates a folder and its parents, and flushes their names, as `makeFolder` does; looks at each
 * folder once. Rejects with the system's error.
 */
export async function ensureDir(path: string): Promise<void> {
  const isThere = isFolder(path);
  if (isThere && kept.has(path)) return;
  const parent = dirname(resolve(path));
  if (!isThere) {
    await ensureDir(parent);
    await mkdir(path).catch((error: unknown) => {
      if (!isFolder(path)) throw error;
    });
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

/**
 * Flushes a folder so that names inside it survive a power cut. Does nothing on Windows, which
 * cannot flush folders and does not need to.
 */
export async function syncFolder(folder: string): Promise<void> {
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

/** Some file systems flush no folders: FUSE, SMB, and others of networks. */
function isUnsupported(error: unknown): boolean {
  const codes = ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EPERM', 'EBADF'];
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

/** Returns true if a folder may be passed, but not opened: one of the system's, above one's own. */
function isOthers(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EACCES';
}
