import { join } from 'node:path';
import type { Observable } from 'rxjs';
import { fromAbortable } from '../fromAbortable.ts';
import type { Outcome } from '../types.ts';
import { sidecarPath } from './sidecarPath.ts';
import { writeAtomically } from './writeAtomically.ts';

/**
 * Writes the outcome as pretty JSON beside each of its originals (`cat.png` gets `cat.json`, `cat.json` gets
 * `cat.sidecar.json`) and emits it once they are
 * on the disk. An outcome without files gets none and is emitted all the same. Emits `StorageError` where the disk refuses.
 *
 *     writeSidecar('out/cats', outcome)   --(o|)
 */
export function writeSidecar(folder: string, outcome: Outcome): Observable<Outcome> {
  return fromAbortable(async () => {
    const json = `${JSON.stringify(outcome, null, 2)}\n`;
    for (const { role, path } of outcome.files) {
      if (role === 'original') await writeAtomically(join(folder, sidecarPath(path)), json);
    }
    return outcome;
  });
}
