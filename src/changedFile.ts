import { StorageError } from './errors.ts';
import type { FileChange } from './findFileChange.ts';

const STORIES: Readonly<Record<FileChange, string>> = {
  removed: 'it was deleted',
  moved: 'it was moved away',
  replaced: 'another file stands in its place',
  cut: 'it was cut short',
};

/** The `StorageError` for a file of the run folder that somebody changed while the run was writing to it. */
export function changedFile(path: string, change: FileChange, suggestion: string): StorageError {
  const message = `Expected ${path} to be left alone during the run, but ${STORIES[change]}.`;
  return new StorageError('ERR_FOLDER_CHANGED', message, { recoverable: true, suggestion });
}
