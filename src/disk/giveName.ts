import { lstatSync, renameSync, type Stats } from 'node:fs';
import { lstat, rename } from 'node:fs/promises';
import { extname } from 'node:path';
import { hashFile } from './hashFile.ts';
import { isMissing } from './storageError.ts';

/** Returns true if a file with the name that a new one wants belongs to the same job. */
export type MayReplace = (path: string) => boolean | Promise<boolean>;

/** Names that a file of this process is about to get. */
const reserved = new Set<string>();

/**
 * Renames a whole temporary file and returns its path: `wanted`, or with `-2`, `-3`, … before the
 * extension if other files have those names. Replaces a file if `mayReplace` allows it, or if it
 * has the same content, as one that a killed run left; never a folder or a link. Without
 * `mayReplace` it replaces any file. Rejects with the system's error.
 *
 *     wanted cat.png, nothing there              cat.png
 *     cat.png of an earlier attempt              cat.png      replaced
 *     cat.png of the user's                      cat-2.png    theirs stays
 */
export async function giveName(temporary: string, wanted: string, mayReplace?: MayReplace): Promise<string> {
  if (mayReplace === undefined) {
    await rename(temporary, wanted);
    return wanted;
  }
  for (let number = 1; ; number += 1) {
    const path = numbered(wanted, number);
    if (reserved.has(path)) continue;
    reserved.add(path);
    try {
      const looked = await lookAt(path, temporary, mayReplace);
      if (!looked.isFree) continue;
      if (renamedAfter(looked.found, temporary, path)) return path;
      // Another process has just put a file there: look again.
      number -= 1;
    } finally {
      reserved.delete(path);
    }
  }
}

/** Returns the n-th path to try: `cat.png`, `cat-2.png`, `cat-3.png`. */
export function numbered(path: string, number: number): string {
  if (number === 1) return path;
  const extension = extname(path);
  return `${path.slice(0, path.length - extension.length)}-${number}${extension}`;
}

interface Looked {
  readonly found: Stats | null;
  readonly isFree: boolean;
}

async function lookAt(path: string, temporary: string, mayReplace: MayReplace): Promise<Looked> {
  const found = await statsOf(path);
  if (found === null) return { found, isFree: true };
  if (!found.isFile()) return { found, isFree: false };
  return {
    found,
    isFree: (await mayReplace(path)) || (await haveSameContent(path, temporary, found.size)),
  };
}

/**
 * Renames a file if the found file is still there; returns false if not. Both calls are
 * synchronous: in the queue of the thread pool a rename waits behind slow flushes, and this machine
 * may fall asleep there while another one takes its jobs over.
 */
function renamedAfter(found: Stats | null, temporary: string, path: string): boolean {
  const now = lstatSync(path, { throwIfNoEntry: false });
  if (now?.ino !== found?.ino || now?.mtimeMs !== found?.mtimeMs || now?.size !== found?.size) return false;
  renameSync(temporary, path);
  return true;
}

/** Returns the stats of a path, links not followed; null if there is nothing. */
export async function statsOf(path: string): Promise<Stats | null> {
  try {
    // Mostly nothing is there, and a turn in Node's pool to learn it would take far longer.
    return lstatSync(path, { throwIfNoEntry: false }) ?? null;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

async function haveSameContent(path: string, other: string, bytes: number): Promise<boolean> {
  if ((await lstat(other)).size !== bytes) return false;
  const [first, second] = await Promise.all([path, other].map(hashFile));
  return first === second;
}
