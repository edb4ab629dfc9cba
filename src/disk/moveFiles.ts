import { existsSync } from 'node:fs';
import { rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ensureDir, syncFolder } from './folders.ts';
import { insideFolder } from './insideFolder.ts';
import { toStorageError, unlessMissing } from './storageError.ts';

/** A file to move, by paths below its folder. */
export interface PlannedMove {
  readonly id: number;
  readonly oldPath: string;
  readonly newPath: string;
}

/** Holds files between their old name and their new one. */
const BETWEEN = '.moving';

function between(folder: string, id: number): string {
  return insideFolder(folder, `${BETWEEN}/${id}`);
}

/**
 * Moves files that get other names, perhaps each other's, to a place in between. Skips files that
 * are there already, or nowhere: run it again after a kill. Rejects with `StorageError`, and with
 * `UsageError` if a path leaves the folder.
 */
export async function gatherFiles(folder: string, moves: Iterable<PlannedMove>): Promise<void> {
  await moveEach(folder, moves, ({ id, oldPath }) => [insideFolder(folder, oldPath), between(folder, id)]);
}

/**
 * Gives gathered files their new names. Skips files that have them already: run it again after a
 * kill. Removes folders that are empty now. Rejects with `StorageError`.
 */
export async function placeFiles(folder: string, moves: Iterable<PlannedMove>): Promise<void> {
  const left = new Set<string>();
  const noted = (function* () {
    for (const move of moves) {
      left.add(dirname(move.oldPath));
      yield move;
    }
  })();
  await moveEach(folder, noted, ({ id, newPath }) => [between(folder, id), insideFolder(folder, newPath)]);
  await rm(join(folder, BETWEEN), { recursive: true, force: true });
  for (const path of left) await removeEmpty(folder, path);
}

async function moveEach(
  folder: string,
  moves: Iterable<PlannedMove>,
  pathsOf: (move: PlannedMove) => [from: string, to: string],
): Promise<void> {
  const changed = new Set<string>();
  for (const move of moves) {
    const [from, to] = pathsOf(move);
    // Also if it was moved before: the process that did may have been killed before it flushed.
    changed.add(dirname(from)).add(dirname(to));
    if (!existsSync(from)) continue;
    try {
      await ensureDir(dirname(to));
      await rename(from, to);
    } catch (error) {
      throw toStorageError(error, to);
    }
  }
  for (const path of changed) {
    await unlessMissing(syncFolder(path)).catch((error: unknown) => {
      throw toStorageError(error, folder);
    });
  }
}

/** Removes a folder, and those above it below the run folder, as long as they are empty. */
async function removeEmpty(folder: string, path: string): Promise<void> {
  for (let each = path; each !== '.' && each !== ''; each = dirname(each)) {
    try {
      await rmdir(insideFolder(folder, each));
    } catch {
      // It has other files, or is gone already.
      return;
    }
  }
}
