import { fstatSync, statSync } from 'node:fs';
import { messageOf } from '../base/text.ts';
import { StorageError } from '../errors.ts';

/** What a system error code means for the user: our code, whether trying again may help, what to do. */
const KNOWN_FAULTS: Readonly<
  Record<string, readonly [code: string, expectation: string, suggestion: string]>
> = {
  ENOSPC: [
    'ERR_DISK_FULL',
    'Expected room on the disk for',
    'Free some space and run the same command again.',
  ],
  EDQUOT: [
    'ERR_DISK_FULL',
    'Expected room in the disk quota for',
    'Free some space and run the same command again.',
  ],
  EFBIG: [
    'ERR_DISK_FULL',
    'Expected a disk and limits that take files of the size of',
    'Raise the limit (ulimit -f) or choose a folder on another disk with --out.',
  ],
  EACCES: [
    'ERR_NOT_WRITABLE',
    'Expected permission to use',
    'Change its permissions or choose another folder with --out.',
  ],
  EPERM: [
    'ERR_NOT_WRITABLE',
    'Expected permission to use',
    'Change its permissions or choose another folder with --out.',
  ],
  EROFS: [
    'ERR_NOT_WRITABLE',
    'Expected a writable disk for',
    'Choose a folder on a writable disk with --out.',
  ],
  ENOENT: [
    'ERR_NOT_FOUND',
    'Expected to find',
    'Something removed it during the run: run the same command again.',
  ],
  ENOTDIR: ['ERR_NOT_A_FOLDER', 'Expected folders on the way to', 'Choose another folder with --out.'],
  EEXIST: ['ERR_NOT_A_FOLDER', 'Expected a folder at', 'Choose another folder with --out.'],
  EISDIR: ['ERR_NOT_A_FILE', 'Expected a file, not a folder, at', 'Move that folder away.'],
  ENAMETOOLONG: ['ERR_NAME_TOO_LONG', 'Expected a shorter path than', 'Choose a shorter folder with --out.'],
  EMFILE: [
    'ERR_TOO_MANY_FILES',
    'Expected a free file handle for',
    'Raise the limit of open files (ulimit -n) or lower --concurrency.',
  ],
  ENFILE: [
    'ERR_TOO_MANY_FILES',
    'Expected a free file handle for',
    'All file handles of this machine are taken: end some programs, then run the same command again.',
  ],
};

/** Turns what the file system threw about `path` into a `StorageError`; one that is there already passes unchanged. */
export function toStorageError(error: unknown, path: string): StorageError {
  if (error instanceof StorageError) return error;
  const systemCode = systemCodeOf(error);
  const [code, expectation, suggestion] = KNOWN_FAULTS[systemCode] ?? [
    'ERR_DISK',
    'Expected the disk to accept',
    'Check the disk, then run the same command again.',
  ];
  return new StorageError(code, `${expectation} ${path}, got ${systemCode}.`, {
    recoverable: true,
    suggestion,
    cause: error,
  });
}

/**
 * Describes why a file cannot be read, in words that follow `got`: `none` if it does not exist, `one that may not be read`,
 * `one that cannot be read (EIO)`; for an error that is not the file system's, its message. `missing` takes the place of `none`.
 */
export function fileProblem(error: unknown, missing = 'none'): string {
  if (!isSystemError(error)) return messageOf(error);
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return missing;
  return error.code === 'EACCES' ? 'one that may not be read' : `one that cannot be read (${error.code})`;
}

/** Returns whether the file system's error says that there is no file of that name. */
export function isMissing(error: unknown): boolean {
  return isSystemError(error) && error.code === 'ENOENT';
}

function isSystemError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}

function systemCodeOf(error: unknown): string {
  if (isSystemError(error)) return error.code;
  return messageOf(error);
}

/**
 * Awaits a module that is loaded when it is first needed. A failure is one of the installation or the machine: it must
 * neither pass for weather on the network nor for a broken picture. Rejects with `StorageError`.
 */
export async function importPackage<T>(module: Promise<T>, name: string): Promise<T> {
  try {
    return await module;
  } catch (error) {
    const reason = messageOf(error);
    throw (
      asFileHandleShortage(error, name) ??
      new StorageError('ERR_NOT_LOADED', `Expected to load ${name}, got: ${reason}`, {
        recoverable: true,
        suggestion:
          'Raise the limit of open files (ulimit -n); if that is high, install anew with npm install.',
        cause: error,
      })
    );
  }
}

/**
 * The `StorageError` for an error that says, however deep inside, that there is no file handle left: sockets take them
 * too, so this may come from any call and is never the fault of one job. Null for every other error.
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

/** What others have done to a file that this process keeps open. */
type FileChange = 'removed' | 'moved' | 'replaced' | 'cut';

/**
 * Looks whether a file that is kept open is still the one under its name, and no shorter than `minBytes`: the system takes
 * what is written to a deleted file without a word, and it is lost. Null where all is well. Throws the system's error
 * where it cannot look.
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
    // A file stands where a folder on the way was.
    if (isSystemError(error) && error.code === 'ENOTDIR') return undefined;
    throw error;
  }
}

const STORIES: Readonly<Record<FileChange, string>> = {
  removed: 'it was deleted',
  moved: 'it was moved away',
  replaced: 'another file stands in its place',
  cut: 'it was cut short',
};

/** The `StorageError` for a file of the run folder that somebody changed while the run was writing to it. */
export function fileChangedError(path: string, change: FileChange, suggestion: string): StorageError {
  const message = `Expected ${path} to be left alone during the run, but ${STORIES[change]}.`;
  return new StorageError('ERR_FOLDER_CHANGED', message, { recoverable: true, suggestion });
}
