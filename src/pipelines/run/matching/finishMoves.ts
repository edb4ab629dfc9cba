import { existsSync } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ignoreElements, lastValueFrom } from 'rxjs';
import { syncFolder } from '../../../disk/folders.ts';
import { atPlace, insideFolder, pathBelow } from '../../../disk/insideFolder.ts';
import { gatherFiles, placeFiles } from '../../../disk/moveFiles.ts';
import { manifestOutcomes } from '../../../sinks/manifest/manifest.ts';
import { sidecarPath, writeSidecar } from '../../../sinks/manifest/sidecar.ts';
import { listNames, nextSuffix } from '../../../store/folderFiles.ts';
import type { FileMove } from '../../../store/journal/jobMatching.ts';
import type { FolderJournal } from '../../../store/journal/journal.ts';

/** Returns the path at which the next version of a list waits until its files have their names. */
export function nextPath(folder: string, name: (typeof listNames)[number]): string {
  return join(folder, `${name}${nextSuffix}`);
}

/**
 * Finishes the move of files after a change of the input, begun by this run or one that was killed;
 * does nothing if there is none. Rejects with `StorageError` if the disk refuses, and with
 * `UsageError`, before it moves anything, if a path leaves the folder.
 */
export async function finishMoves(folder: string, journal: FolderJournal): Promise<void> {
  if (journal.movePhase() === null) return;
  const moves = [...journal.fileMoves()];
  expectInside(folder, moves);
  if (journal.movePhase() === 'gather') {
    await gatherFiles(folder, moves);
    journal.setMovePhase('place');
  }
  await placeFiles(folder, moves);
  for (const name of listNames) await replaceList(folder, name);
  await syncFolder(folder);
  await rewriteSidecars(folder, new Set(moves.flatMap(({ sidecarOf }) => sidecarOf ?? [])));
  journal.setMovePhase(null);
}

function expectInside(folder: string, moves: readonly FileMove[]): void {
  try {
    for (const path of moves.flatMap(({ oldPath, newPath }) => [oldPath, newPath]))
      insideFolder(folder, path);
  } catch (error) {
    throw atPlace(join(folder, 'run.sqlite'), error);
  }
}

/** Puts the next version of a list in its place, if it is still waiting. */
async function replaceList(folder: string, name: (typeof listNames)[number]): Promise<void> {
  const next = nextPath(folder, name);
  if (!existsSync(next)) return;
  const { size } = await stat(next);
  // An empty list is no file, but the manifest.
  if (size > 0 || name === 'manifest.jsonl') return rename(next, join(folder, name));
  await rm(join(folder, name), { force: true });
  await rm(next);
}

/** Writes the sidecars of these jobs again, if they have any. */
async function rewriteSidecars(folder: string, indexes: ReadonlySet<number>): Promise<void> {
  if (indexes.size === 0) return;
  for await (const outcome of manifestOutcomes(folder)) {
    if (!indexes.has(outcome.index)) continue;
    const original = outcome.files.find(({ role }) => role === 'original');
    if (original === undefined || !existsSync(pathBelow(folder, sidecarPath(original.path)))) continue;
    await lastValueFrom(writeSidecar(folder, outcome).pipe(ignoreElements()), { defaultValue: null });
  }
}
