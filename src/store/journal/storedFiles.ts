import { join, relative, sep } from 'node:path';
import { atPlace, pathBelow } from '../../disk/insideFolder.ts';
import type { ImageFile } from '../../types.ts';

/**
 * Returns files with paths relative to the run folder, in the same form on all systems, so that the
 * folder may be moved between two runs.
 */
export function filesToStore(files: readonly ImageFile[], folder: string): readonly ImageFile[] {
  return files.map((file) => withPaths(file, (path) => relative(folder, path).replaceAll(sep, '/')));
}

/**
 * Returns stored files with absolute paths. Throws `UsageError` if one leaves the run folder, which
 * may come from someone else; `id` is that of its job.
 */
export function readFiles(files: readonly ImageFile[], folder: string, id: number): readonly ImageFile[] {
  try {
    // Earlier versions stored the separators of their system.
    return files.map((file) => withPaths(file, (path) => pathBelow(folder, path.replaceAll(sep, '/'))));
  } catch (error) {
    throw atPlace(`${join(folder, 'run.sqlite')}, job ${id}`, error);
  }
}

/** Returns a file with another form of its paths. */
function withPaths(file: ImageFile, pathOf: (path: string) => string): ImageFile {
  const { path, untouched } = file;
  return {
    ...file,
    path: pathOf(path),
    ...(untouched === undefined ? {} : { untouched: { ...untouched, path: pathOf(untouched.path) } }),
  };
}
