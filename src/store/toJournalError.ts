import { z } from 'zod';
import { type RxposureError, StorageError, UsageError } from '../errors.ts';
import { toStorageError } from '../toStorageError.ts';

/** SQLite's primary result codes (https://sqlite.org/rescode.html). */
const SQLITE = {
  perm: 3,
  busy: 5,
  locked: 6,
  readonly: 8,
  corrupt: 11,
  full: 13,
  cantOpen: 14,
  notADatabase: 26,
};

/** Turns what SQLite or the file system threw about the journal at `path` into an error that says what to do. */
export function toJournalError(error: unknown, path: string): RxposureError {
  if (error instanceof StorageError || error instanceof UsageError) return error;
  if (error instanceof z.ZodError || error instanceof SyntaxError) return damagedJournal(path, error);
  switch (sqliteCodeOf(error)) {
    case SQLITE.busy:
    case SQLITE.locked:
      return new UsageError(
        `Expected the run folder for this run alone, got ${path} in use by another one.`,
        {
          recoverable: true,
          suggestion: 'Wait until that run has ended or stop it, or choose another folder with --out.',
          cause: error,
        },
      );
    case SQLITE.corrupt:
    case SQLITE.notADatabase:
      return damagedJournal(path, error);
    case SQLITE.full:
      return storageError('ERR_DISK_FULL', 'Expected room on the disk for', 'Free some space', path, error);
    case SQLITE.perm:
    case SQLITE.readonly:
    case SQLITE.cantOpen:
      return storageError('ERR_NOT_WRITABLE', 'Expected to write', 'Change its permissions', path, error);
    case null:
      return toStorageError(error, path);
    default:
      return storageError('ERR_DISK', 'Expected the disk to accept', 'Check the disk', path, error);
  }
}

function damagedJournal(path: string, cause: unknown): UsageError {
  return new UsageError(`Expected the journal of a run in ${path}, got a damaged or foreign file.`, {
    suggestion:
      'Restore it from a copy, or choose another folder with --out. Without it nobody knows what has been paid: ' +
      'delete it only if making all images of this run again is fine.',
    cause,
  });
}

function storageError(
  code: string,
  expectation: string,
  remedy: string,
  path: string,
  cause: unknown,
): StorageError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new StorageError(code, `${expectation} ${path}, got: ${reason}`, {
    recoverable: true,
    suggestion: `${remedy} and run the same command again, or choose another folder with --out.`,
    cause,
  });
}

/** The primary result code; the rest of `errcode` is detail. */
function sqliteCodeOf(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null;
  return error.errcode & 0xff;
}
