import type { Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from './storageError.ts';

/** A file, link or other entry below a folder. */
interface FoundEntry {
  /** The folder's path and the entry's below it. */
  readonly path: string;
  readonly entry: Dirent;
}

/**
 * Yields everything below a folder but folders, entry by entry, so that a folder of a million files
 * takes no memory. Follows no links: they are entries. Throws the system's error.
 *
 * Other processes work in the folder meanwhile: an entry may be gone when it is yielded, and a
 * folder below that is gone is skipped.
 */
export async function* walkFolder(folder: string): AsyncGenerator<FoundEntry> {
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    try {
      for await (const entry of await opendir(next, { bufferSize: 256 })) {
        const path = join(next, entry.name);
        if (entry.isDirectory()) folders.push(path);
        else yield { path, entry };
      }
    } catch (error) {
      if (next === folder || !isMissing(error)) throw error;
    }
  }
}
