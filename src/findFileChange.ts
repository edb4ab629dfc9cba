import { fstatSync, statSync } from 'node:fs';

/** What others have done to a file that this process keeps open. */
export type FileChange = 'removed' | 'moved' | 'replaced' | 'cut';

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
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return undefined;
    throw error;
  }
}
