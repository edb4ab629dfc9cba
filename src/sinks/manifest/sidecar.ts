import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Observable } from 'rxjs';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { prettyJson } from '../../disk/jsonFile.ts';
import { writeAtomically } from '../../disk/writeFiles.ts';
import type { Outcome } from '../../types.ts';

/**
 * Writes the outcome as pretty JSON beside each of its originals (`cat.png` gets `cat.json`, `cat.json` gets
 * `cat.sidecar.json`) and emits it once they are
 * on the disk. An outcome without files gets none and is emitted all the same. Emits `StorageError` where the disk refuses.
 *
 *     writeSidecar('out/cats', outcome)   --(o|)
 */
export function writeSidecar(folder: string, outcome: Outcome): Observable<Outcome> {
  return fromAbortable(async () => {
    const json = prettyJson(outcome);
    for (const { role, path } of outcome.files) {
      if (role === 'original') await writeAtomically(join(folder, sidecarPath(path)), json);
    }
    return outcome;
  });
}

/** Where the sidecar of an original is: `cat.json` for `cat.png`, `cat.sidecar.json` for `cat.json`, which is an output itself. */
export function sidecarPath(path: string): string {
  if (path.endsWith('.json')) return path.replace(/\.json$/, '.sidecar.json');
  return `${path.replace(/\.[^./]+$/, '')}.json`;
}

/** Deletes an outcome's pictures from the run folder, the sidecar not. Never rejects: what cannot be deleted stays. */
export async function removePictures(folder: string, { files }: Pick<Outcome, 'files'>): Promise<void> {
  await Promise.allSettled(files.map(({ path }) => rm(join(folder, path), { force: true })));
}
