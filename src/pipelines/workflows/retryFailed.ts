import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { concatMap, defer, type Observable } from 'rxjs';
import { option, UsageError } from '../../errors.ts';
import { storedPlans } from '../../sinks/manifest/storedPlans.ts';
import { checkSettings } from '../run/checkSettings.ts';
import type { FinishedRun } from '../run/closing/results.ts';
import { countOf } from '../run/earlier/earlierRuns.ts';
import type { RunSettings } from '../run/settings.ts';
import { runStoredPlans } from '../runToFolder.ts';

/**
 * Retries the failed jobs of earlier runs in a folder, and no others. Needs only the folder. Emits
 * the finished run, whose `totals` count the failed jobs; manifest and report cover all jobs, as
 * after any run.
 *
 *     runToFolder(plans, { … })             -----(end|)   3 failed
 *     runRetry({ folder, provider })        --(end|)      3 of 3 saved
 *
 * A failed job that still has a prediction at the service or originals on disk continues from
 * there; it is not paid again. Errors with `UsageError` if the folder does not exist or is not a
 * run folder, or names a model that its journal does not know, or a local file that `allowFiles`
 * does not allow, and as `runToFolder` does.
 */
export function runRetry(settings: Omit<RunSettings, 'fingerprint'>): Observable<FinishedRun> {
  checkSettings(settings, 'folder', 'provider');
  const plans = storedPlans(settings.folder, 'failed');
  return defer(async () => {
    await checkRunFolder(settings.folder);
    return countOf(plans.read());
  }).pipe(concatMap((total) => runStoredPlans(() => plans.read(), total, settings)));
}

/** Rejects with `UsageError` if a folder has no journal, as a run would create the folder. */
async function checkRunFolder(folder: string): Promise<void> {
  await access(join(folder, 'run.sqlite')).catch((cause: unknown) => {
    throw new UsageError(`${folder} is not the folder of an earlier run: it has no run.sqlite`, {
      suggestion: `Give the folder that the run had as ${option('--out')}.`,
      cause,
    });
  });
}
