import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { nearestName } from '../../base/suggest.ts';
import { fileProblem } from '../../disk/storageError.ts';
import { UsageError } from '../../errors.ts';
import { folderState } from '../../store/runFile.ts';

/**
 * Returns the absolute path of a run folder. Rejects with `UsageError` if it is none, with the
 * nearest one below `out/`.
 */
export async function runFolderAt(path: string): Promise<string> {
  const folder = resolve(path);
  const stats = await stat(folder).catch(async (cause: unknown) => {
    throw notARun(path, fileProblem(cause, 'no folder of that name'), await nearby(path));
  });
  if (!stats.isDirectory()) throw notARun(path, 'a file', await nearby(path));
  if ((await folderState(folder)) === 'run') return folder;
  const inside = await runsIn(path);
  const names = (await readdir(folder)).length;
  throw notARun(path, names === 0 ? 'an empty folder' : 'a folder without run.json', inside);
}

function notARun(path: string, got: string, others: readonly string[]): UsageError {
  const meant = nearestName(path, others) ?? others[0];
  return new UsageError(`${path}: Expected the folder of a run, got ${got}`, {
    suggestion:
      meant === undefined
        ? 'Give the folder that the run named: its --out, or out/ and the name of its input.'
        : `Did you mean ${meant}?`,
  });
}

/** Lists the runs beside a path, else those below `out/`. */
async function nearby(path: string): Promise<string[]> {
  const beside = await runsIn(join(path, '..'));
  return beside.length > 0 ? beside : runsIn('out');
}

async function runsIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory());
  const paths = folders.map(({ parentPath, name }) => join(parentPath, name));
  return paths.filter((path) => existsSync(join(path, 'run.json')));
}

/** Run folders this deep are found. */
const MOST_LEVELS = 5;

/** Yields the run folders in a folder and below, itself included, by name. Follows no links. */
export async function* runsBelow(folder: string, levels = MOST_LEVELS): AsyncGenerator<string> {
  if (existsSync(join(folder, 'run.json'))) return yield folder;
  if (levels === 0) return;
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory() && !/^\.|^node_modules$/.test(entry.name));
  const paths = folders.map(({ parentPath, name }) => join(parentPath, name)).sort();
  for (const path of paths) yield* runsBelow(path, levels - 1);
}
