import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Observable } from 'rxjs';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { prettyJson, writeAtomically } from '../../disk/writeFiles.ts';
import type { Outcome } from '../../types.ts';

/**
 * Writes the outcome as pretty JSON beside each of its originals (`cat.png` gets `cat.json`,
 * `cat.json` gets `cat.sidecar.json`) and emits the outcome once the files are on disk. An outcome
 * without files is emitted as it is. Errors with `StorageError` if a file cannot be written.
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
 * cannot be deleted stay.
 */
export async function deleteImages(folder: string, { files }: Pick<Outcome, 'files'>): Promise<void> {
  await Promise.allSettled(files.map(({ path }) => rm(join(folder, path), { force: true })));
}
