import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { StorageError, UsageError } from '../errors.ts';

/** Neither follow a link at the end of a path, nor wait for the other end of a pipe. */
const OWN = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** `open` flags for a file of a run folder. */
export const ownFlags = {
  read: constants.O_RDONLY,
  readWrite: constants.O_RDWR,
  readWriteOrCreate: constants.O_RDWR | constants.O_CREAT,
  append: constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT,
  /** The file must not exist yet, not even as a link. */
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
  /** To be combined with another: every file here is opened with it. */
  plain: OWN,
} as const;

const MODE = 0o666;

/**
 * Opens a file that a run reads or writes in place, but no symbolic link: that may have been put
 * there to have another file read or overwritten. Rejects with the system's error, and with
 * `StorageError` if something else is there, such as a pipe.
 */
export async function openOwn(path: string, flags: number = ownFlags.read): Promise<FileHandle> {
  const handle = await open(path, flags | OWN, MODE);
  // A file that has just been created is no pipe or device.
  if ((flags & constants.O_EXCL) !== 0) return handle;
  const stats = await handle.stat();
  if (stats.isFile()) return handle;
  await handle.close();
  throw notAFile(path, stats.isDirectory());
}

/** Opens a file as `openOwn` does, and returns its descriptor. */
export function openOwnSync(path: string, flags: number = ownFlags.read): number {
  const fd = openSync(path, flags | OWN, MODE);
  const stats = fstatSync(fd);
  if (stats.isFile()) return fd;
  closeSync(fd);
  throw notAFile(path, stats.isDirectory());
}

/** Reads a whole text file that a run has written, opened as by `openOwn`. */
export async function readOwnText(path: string): Promise<string> {
  const handle = await openOwn(path);
  try {
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

/**
 * Reads a small text file as `readOwnText` does, at once: turns in Node's pool would take longer.
 */
export function readOwnTextSync(path: string): string {
  const fd = openOwnSync(path);
  try {
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

function notAFile(path: string, isFolder: boolean): StorageError {
  const what = isFolder ? 'A folder' : 'A pipe or device';
  return new StorageError('ERR_NOT_A_FILE', `${what} is in the way of the file ${path}.`, {
    recoverable: true,
    suggestion: `Move that ${isFolder ? 'folder' : 'pipe or device'} away.`,
  });
}

/**
 * Throws `UsageError` if a symbolic link, a pipe or a device is at the path of a file that a
 * library opens, which would follow it.
 */
export function expectPlainFile(path: string): void {
  const stats = statsOrNone(path);
  if (stats === undefined || stats.isFile() || stats.isDirectory()) return;
  const got = stats.isSymbolicLink() ? 'a symbolic link' : 'a pipe or device';
  throw new UsageError(`Expected ${path} to be a file of the run, got ${got}`, {
    suggestion: `Replace ${got === 'a symbolic link' ? 'the link by the file itself' : 'it by the file'}, or choose another folder.`,
  });
}

/**
 * Returns the stats of a path, links not followed. A folder that cannot be read is reported later.
 */
function statsOrNone(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
