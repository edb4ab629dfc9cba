import { concatMap, from, type Observable } from 'rxjs';
import { option, UsageError } from '../../errors.ts';
import { storedPlans } from '../../sinks/manifest/storedPlans.ts';
import { unfinishedRun } from '../../store/journal/unfinishedRun.ts';
import { checkSettings } from '../run/checkSettings.ts';
import type { FinishedRun } from '../run/closing/results.ts';
import { countOf } from '../run/earlier/earlierRuns.ts';
import type { RunSettings } from '../run/settings.ts';
import { runStoredPlans } from '../runToFolder.ts';

/**
 * Collects the predictions of detached runs: follows those that still run, downloads their images,
 * makes the renditions, and completes manifest and report. Needs only the run folder.
 *
 *     runToFolder(plans, { …, detach: true })        --(end|)          100 predictions created, none awaited
 *     runCollect({ folder, provider })               -----------(end|)  100 saved
 *
 * A prediction that failed through a fault of the platform is made again, as in any run. Errors
 * with `UsageError` if the folder has no detached predictions, or names a model that its journal
 * does not know, or a local file that `allowFiles` does not allow, and as `runToFolder` does.
 */
export function runCollect(settings: Omit<RunSettings, 'detach' | 'fingerprint'>): Observable<FinishedRun> {
  checkSettings(settings, 'folder', 'provider');
  const plans = storedPlans(settings.folder, 'detached');
  return from(countOf(plans.read())).pipe(
    concatMap((total) =>
      total === 0 ? from(refuse(settings.folder)) : runStoredPlans(() => plans.read(), total, settings),
    ),
  );
}

/** Rejects with the reason why there is nothing to collect. */
async function refuse(folder: string): Promise<never> {
  const unfinished = await unfinishedRun(folder);
  if (unfinished?.process === 'alive') {
    throw new UsageError(`${folder} is in use by another run, and has no detached predictions yet`, {
      suggestion: 'Wait until that run has ended.',
    });
  }
  throw new UsageError(`${folder} has no detached predictions to collect`, {
    suggestion: `Give the folder of a run that was started with ${option('--detach')}.`,
  });
}
