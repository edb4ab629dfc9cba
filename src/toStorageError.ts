import { StorageError } from './errors.ts';

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

function systemCodeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
