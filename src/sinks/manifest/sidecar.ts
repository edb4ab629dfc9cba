import { rm } from 'node:fs/promises';
import type { Observable } from 'rxjs';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { statsOf } from '../../disk/giveName.ts';
import { insideFolder } from '../../disk/insideFolder.ts';
import { readOwnText, readOwnTextSync } from '../../disk/ownFiles.ts';
import { toStorageError } from '../../disk/storageError.ts';
import { prettyJson, writeAtomically } from '../../disk/writeFiles.ts';
import type { Outcome } from '../../types.ts';
import { outcomeSchema } from './readOutcomes.ts';

/**
 * Writes the outcome as pretty JSON beside each of its originals (`cat.png` gets `cat.json`,
 * `cat.json` gets `cat.sidecar.json`) and emits the outcome once the files are on disk. A file of
 * that name that is no sidecar stays as it is, and the sidecar is `cat.sidecar.json`,
 * `cat.sidecar-2.json`, … An outcome without files is emitted as it is. Errors with `StorageError`
 * if a file cannot be written.
 *
 *     writeSidecar('out/cats', outcome)   --(o|)
 */
export function writeSidecar(folder: string, outcome: Outcome): Observable<Outcome> {
  return fromAbortable(async () => {
    const json = prettyJson(outcome);
    for (const { role, path } of outcome.files) {
      if (role === 'original') await writeAtomically(await freePath(folder, path), json);
    }
    return outcome;
  });
}

async function freePath(folder: string, original: string): Promise<string> {
  const usual = insideFolder(folder, sidecarPath(original));
  const other = usual.replace(/(?:\.sidecar)?\.json$/, '.sidecar');
  for (let number = 0; ; number += 1) {
    const path = number === 0 ? usual : `${other}${number === 1 ? '' : `-${number}`}.json`;
    if (await isFree(path)) return path;
  }
}

async function isFree(path: string): Promise<boolean> {
  const stats = await statsOf(path).catch((error: unknown) => {
    throw toStorageError(error, path);
  });
  return stats === null || (stats.isFile() && (await isSidecar(path, stats.size)));
}

/** Files up to this size are read at once. */
const SMALL_BYTES = 1 << 16;

/** Returns true if a file is the sidecar of an image, of this run or an earlier one. */
async function isSidecar(path: string, bytes: number): Promise<boolean> {
  try {
    const text = bytes > SMALL_BYTES ? await readOwnText(path) : readOwnTextSync(path);
    return outcomeSchema.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}

/**
 * The path of an original's sidecar: `cat.json` for `cat.png`; `cat.sidecar.json` for `cat.json`,
 * which is an output itself.
 */
export function sidecarPath(path: string): string {
  if (path.endsWith('.json')) return path.replace(/\.json$/, '.sidecar.json');
  return `${path.replace(/\.[^./]+$/, '')}.json`;
}

/**
 * Deletes an outcome's images from the run folder, but not its sidecar. Never rejects: files that
 * cannot be deleted, or do not lie in the folder, stay.
 */
export async function deleteImages(folder: string, { files }: Pick<Outcome, 'files'>): Promise<void> {
  await Promise.allSettled(files.map(async ({ path }) => rm(insideFolder(folder, path), { force: true })));
}
