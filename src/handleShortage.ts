import type { StorageError } from './errors.ts';
import { toStorageError } from './toStorageError.ts';

/**
 * The `StorageError` for an error that says, however deep inside, that there is no file handle left: sockets take them
 * too, so this may come from any call and is never the fault of one job. Null for every other error.
 */
export function handleShortage(error: unknown, use: string): StorageError | null {
  if (!(error instanceof Error)) return null;
  if ('code' in error && (error.code === 'EMFILE' || error.code === 'ENFILE'))
    return toStorageError(error, use);
  const inner = error instanceof AggregateError ? [...error.errors, error.cause] : [error.cause];
  for (const cause of inner) {
    const shortage = handleShortage(cause, use);
    if (shortage !== null) return shortage;
  }
  return null;
}
