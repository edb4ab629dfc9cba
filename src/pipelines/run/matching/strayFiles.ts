import { readFile, stat } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { unlessMissing } from '../../../disk/storageError.ts';
import { walkFolder } from '../../../disk/walkFolder.ts';
import { isTemporary } from '../../../disk/writeFiles.ts';
import { statesPrediction } from '../../../provenance/xmp.ts';
import { isRunFile } from '../../../store/folderFiles.ts';
import type { OpenRun } from '../settings.ts';

/** Files that runs have named before journal and manifest knew them, by their prediction. */
export type StrayFiles = ReadonlyMap<string, readonly string[]>;

/**
 * Finds the files of unfinished jobs that a kill has left without a record: images that state the
 * job's prediction in their provenance, and sidecars. `isOwn` resolves with true for paths, below
 * the folder, that are on record. Reads no file that is older than the first of these attempts, and
 * skips one that is deleted meanwhile.
 */
export async function findStrayFiles(
  { config, journal }: Pick<OpenRun, 'config' | 'journal'>,
  isOwn: (path: string) => Promise<boolean>,
): Promise<StrayFiles> {
  const strays = new Map<string, string[]>();
  const { ids, sinceMs } = openPredictions(journal);
  if (ids.length === 0) return strays;
  for await (const { path: absolute, entry } of walkFolder(config.folder)) {
    const path = relative(config.folder, absolute).replaceAll(sep, '/');
    if (!entry.isFile() || isHidden(path) || (await isOwn(path))) continue;
    const id = await predictionIn(absolute, { ids, sinceMs });
    if (id !== undefined) strays.set(id, [...(strays.get(id) ?? []), path]);
  }
  return strays;
}

/** Files of the run besides images and sidecars: thumbnails, ratings, files of unused results. */
const HIDDEN = /(?:^|\/)\.|^unused\/|\.jsonl$|^manifest\.json$/;

function isHidden(path: string): boolean {
  return HIDDEN.test(path) || isRunFile(path) || isTemporary(path);
}

interface OpenPredictions {
  readonly ids: readonly string[];
  readonly sinceMs: number;
}

function openPredictions(journal: OpenRun['journal']): OpenPredictions {
  const records = [...journal.openIndexes()].flatMap((index) => journal.find(index) ?? []);
  return {
    ids: records.flatMap(({ predictionId }) => predictionId ?? []),
    sinceMs: Math.min(...records.map(({ intendedAtMs }) => intendedAtMs ?? 0)),
  };
}

/** Time by which the clock of a file system may be behind. */
const CLOCK_MARGIN_MS = 60_000;

async function predictionIn(path: string, { ids, sinceMs }: OpenPredictions): Promise<string | undefined> {
  const found = await unlessMissing(stat(path));
  if (found === null || found.mtimeMs < sinceMs - CLOCK_MARGIN_MS) return undefined;
  const bytes = await unlessMissing(readFile(path));
  if (bytes === null) return undefined;
  return ids.find((id) => statesPrediction(bytes, id) || isSidecarOf(bytes, id));
}

function isSidecarOf(bytes: Buffer, id: string): boolean {
  return bytes.includes(`"predictionId": "${id}"`);
}

/** Returns the path of a job's stray file under another stem: with its rendition and extension. */
export function renamedStray(path: string, stem: string): string {
  return stem + (/(?:--[^/]*)?\.[^./]+$/.exec(path)?.[0] ?? '');
}
