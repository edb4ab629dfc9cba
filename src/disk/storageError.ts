import { fstatSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { messageOf, withoutStop } from '../base/text.ts';
import { option, StorageError } from '../errors.ts';

/**
 * The meaning of each system error code: our code, the beginning of the message, which the path
 * ends, and the remedy.
 */
const KNOWN_FAULTS: Readonly<Record<string, readonly [code: string, fault: string, suggestion: string]>> = {
  ENOSPC: [
    'ERR_DISK_FULL',
    'No space left on the disk for',
    'Free some space and run the same command again.',
  ],
  EDQUOT: [
    'ERR_DISK_FULL',
    'No space left in the disk quota for',
    'Free some space and run the same command again.',
  ],
  EFBIG: [
    'ERR_DISK_FULL',
    'The disk or a limit does not allow a file as large as',
    `Raise the limit (ulimit -f) or choose a folder on another disk with ${option('--out')}.`,
  ],
  EACCES: [
    'ERR_NOT_WRITABLE',
    'No permission to use',
    `Change its permissions or choose another folder with ${option('--out')}.`,
  ],
  EPERM: [
    'ERR_NOT_WRITABLE',
    'No permission to use',
    `Change its permissions or choose another folder with ${option('--out')}.`,
  ],
  EROFS: [
    'ERR_NOT_WRITABLE',
    'The disk is read-only:',
    `Mount the disk for writing, or choose a folder on another disk with ${option('--out')}.`,
  ],
  ENOENT: [
    'ERR_NOT_FOUND',
    'Cannot find',
    'Something removed it during the run. Run the same command again.',
  ],
  /** As `/proc` refuses them. */
  'ENOENT mkdir': [
    'ERR_NOT_WRITABLE',
    'The file system allows no new folder for',
    `Choose a folder on another disk with ${option('--out')}.`,
  ],
  ENOTDIR: [
    'ERR_NOT_A_FOLDER',
    'A file is in the way on the path',
    `Move that file away, or choose another folder with ${option('--out')}.`,
  ],
  EEXIST: [
    'ERR_NOT_A_FOLDER',
    'A file is in the way of the folder',
    `Move that file away, or choose another folder with ${option('--out')}.`,
  ],
  EISDIR: ['ERR_NOT_A_FILE', 'A folder is in the way of the file', 'Move that folder away.'],
  ELOOP: [
    'ERR_NOT_A_FILE',
    'A symbolic link is in the way of the file',
    'A run follows no links in its folder: move the link away, or put the file itself in its place.',
  ],
  ENAMETOOLONG: [
    'ERR_NAME_TOO_LONG',
    'The path is too long:',
    `Move the folder to a shorter path, or choose another folder with ${option('--out')}.`,
  ],
  EMFILE: [
    'ERR_TOO_MANY_FILES',
    'No file handle left for',
    `Raise the limit of open files (ulimit -n) or lower ${option('--concurrency')}.`,
  ],
  ENFILE: [
    'ERR_TOO_MANY_FILES',
    'No file handle left for',
    'All file handles of this machine are in use. End some programs, then run the same command again.',
  ],
};

/**
 * Converts an error of the file system at `path` to a `StorageError`. Returns a `StorageError`
 * unchanged.
 */
export function toStorageError(error: unknown, path: string): StorageError {
  if (error instanceof StorageError) return error;
  const systemCode = systemCodeOf(error);
  // Parents are made first, so that a missing one is not the cause.
  const isOfFolder =
    systemCode === 'ENOENT' && error instanceof Error && 'syscall' in error && error.syscall === 'mkdir';
  const [code, fault, suggestion] = KNOWN_FAULTS[isOfFolder ? 'ENOENT mkdir' : systemCode] ?? [
    'ERR_DISK',
    'The disk refused',
    'Check the disk, then run the same command again.',
  ];
  return new StorageError(code, `${fault} ${path} (${systemCode}).`, {
    recoverable: true,
    suggestion,
    cause: error,
  });
}

/**
 * Describes why a file cannot be read, in words that follow `got`: `none` if it does not exist,
 * `no permission to read it`, `an error when reading it (EIO)`; for an error that is not the file
 * system's, its message. `missing` takes the place of `none`.
 */
export function fileProblem(error: unknown, missing = 'none'): string {
  if (!isSystemError(error)) return messageOf(error);
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return missing;
  return error.code === 'EACCES' ? 'no permission to read it' : `an error when reading it (${error.code})`;
}

/** Returns true if the error of the file system means that there is no file of that name. */
export function isMissing(error: unknown): boolean {
  return hasSystemCode(error, 'ENOENT');
}

/**
 * Resolves as a call of the file system does; with null if there is no file of that name, as when
 * another process has just deleted it.
 */
export async function unlessMissing<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Returns whether an error is one of the system with this code, `EEXIST` for example. */
export function hasSystemCode(error: unknown, code: string): boolean {
  return isSystemError(error) && error.code === code;
}

function isSystemError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}

function systemCodeOf(error: unknown): string {
  if (isSystemError(error)) return error.code;
  return withoutStop(messageOf(error));
}

/**
 * The packages that were asked for, by name: looking one up again would take 0.1 ms of each image.
 */
const packages = new Map<string, Promise<unknown>>();

/**
 * Loads a package when it is first needed; asks `load` again only if that failed. Rejects with
 * `StorageError`: the installation or the machine is at fault, not the network or an image.
 */
export async function importPackage<T>(name: string, load: () => Promise<T>): Promise<T> {
  const asked = (packages.get(name) ?? load()) as Promise<T>;
  packages.set(name, asked);
  try {
    return await asked;
  } catch (error) {
    packages.delete(name);
    const reason = messageOf(error);
    throw (
      asFileHandleShortage(error, name) ??
      new StorageError('ERR_NOT_LOADED', `Cannot load ${name}: ${reason}`, {
        recoverable: true,
        suggestion:
          'Raise the limit of open files (ulimit -n). If it is high already, reinstall with npm install.',
        cause: error,
      })
    );
  }
}

/**
 * Loads a package when it is first needed, for functions that cannot wait; `importPackage` is for
 * those that can. The type is that of the module: `requirePackage<typeof import('ajv')>('ajv')`.
 */
export function requirePackage<T>(name: string): T {
  return createRequire(import.meta.url)(name);
}

/** Returns the version of this package. */
export function packageVersion(): string {
  return requirePackage<{ version: string }>('rxposure/package.json').version;
}

/**
 * Returns a `StorageError` if the error, or any of its causes, reports that no file handle is left;
 * null for every other error. Sockets need handles too, so any call may fail with it, and it is
 * never the fault of one job.
 */
export function asFileHandleShortage(error: unknown, use: string): StorageError | null {
  if (!(error instanceof Error)) return null;
  if (isSystemError(error) && (error.code === 'EMFILE' || error.code === 'ENFILE'))
    return toStorageError(error, use);
  const inner = error instanceof AggregateError ? [...error.errors, error.cause] : [error.cause];
  for (const cause of inner) {
    const shortage = asFileHandleShortage(cause, use);
    if (shortage !== null) return shortage;
  }
  return null;
}

/** A change by another process to a file that this one has open. */
type FileChange = 'removed' | 'moved' | 'replaced' | 'cut';

/**
 * Checks that an open file is still the one at `path` and no shorter than `minBytes`. Data written
 * to a deleted file is lost without an error. Returns null if the file is unchanged. Throws the
 * system's error if it cannot check.
 */
export function findFileChange(fd: number, path: string, minBytes: number): FileChange | null {
  const opened = fstatSync(fd, { bigint: true });
  const named = fileAt(path);
  if (named === undefined) return opened.nlink === 0n ? 'removed' : 'moved';
  if (named.ino !== opened.ino || named.dev !== opened.dev) return 'replaced';
  return named.size < minBytes ? 'cut' : null;
}

function fileAt(path: string) {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    // A file has replaced one of its folders.
    if (isSystemError(error) && error.code === 'ENOTDIR') return undefined;
    throw error;
  }
}

const CHANGES: Readonly<Record<FileChange, string>> = {
  removed: 'it was deleted',
  moved: 'it was moved away',
  replaced: 'it was replaced by another file',
  cut: 'it was cut short',
};

/**
 * Creates the `StorageError` for a file of the run folder that another process changed during the
 * run.
 */
export function fileChangedError(path: string, change: FileChange, suggestion: string): StorageError {
  const message = `Another program changed ${path} during the run: ${CHANGES[change]}.`;
  return new StorageError('ERR_FOLDER_CHANGED', message, { recoverable: true, suggestion });
}
