import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { concatMap, defer, type Observable } from 'rxjs';
import { UsageError } from '../../errors.ts';
import { storedPlans } from '../../sinks/manifest/storedPlans.ts';
import { countOf } from '../run/earlierRuns.ts';
import type { FinishedRun } from '../run/results.ts';
import type { RunSettings } from '../run/settings.ts';
import { runToFolder } from '../runToFolder.ts';

/**
 * Makes what has failed in earlier runs of a folder, and nothing else; needs nothing but the folder. Emits once how it ended, where
 * `totals` are those of the failed jobs. Manifest and report are over all jobs, as after any run.
 *
 *     runToFolder(plans, 100, …)            -----(end|)   3 failed
 *     retryFailed({ folder, provider })     --(end|)      3 of 3 saved
 *
 * What a failed job has left open (a prediction at the service, originals on disk) is taken up, not paid again. Emits `UsageError`
 * where there is no such folder, and what `runToFolder` emits.
 */
export function retryFailed(settings: Omit<RunSettings, 'fingerprint'>): Observable<FinishedRun> {
  const plans = storedPlans(settings.folder, 'failed');
  return defer(async () => {
    await expectRunFolder(settings.folder);
    return countOf(plans.read());
  }).pipe(concatMap((total) => runToFolder(() => plans.read(), total, { ...settings, isPartial: true })));
}

/** A run would make a folder that is not there. */
async function expectRunFolder(folder: string): Promise<void> {
  await access(join(folder, 'run.sqlite')).catch((cause: unknown) => {
    throw new UsageError(`Expected the folder of an earlier run, got ${folder} without run.sqlite`, {
      suggestion: 'Give the --out of that run.',
      cause,
    });
  });
}
