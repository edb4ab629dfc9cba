import { concatMap, from, type Observable } from 'rxjs';
import { UsageError } from '../../errors.ts';
import { storedPlans } from '../../sinks/manifest/storedPlans.ts';
import { countOf } from '../run/earlierRuns.ts';
import type { FinishedRun } from '../run/results.ts';
import type { RunSettings } from '../run/settings.ts';
import { runToFolder } from '../runToFolder.ts';

/**
 * Gathers what detached runs have left to the service: downloads what is finished, follows what still runs, makes its
 * renditions, and finishes manifest and report. Needs nothing but the run folder.
 *
 *     runToFolder(plans, 100, { …, detach: true })   --(end|)          100 predictions created, none waited for
 *     collect({ folder, provider })                  -----------(end|)  100 saved
 *
 * A prediction that the platform failed is made again, as in any run. Emits `UsageError` where nothing was detached, and
 * what `runToFolder` emits.
 */
export function collect(settings: Omit<RunSettings, 'detach' | 'fingerprint'>): Observable<FinishedRun> {
  const plans = storedPlans(settings.folder, 'detached');
  return from(countOf(plans.read())).pipe(
    concatMap((total) => {
      if (total === 0) throw nothingDetached(settings.folder);
      return runToFolder(() => plans.read(), total, { ...settings, isPartial: true });
    }),
  );
}

function nothingDetached(folder: string): UsageError {
  return new UsageError(`Expected a run folder with detached predictions, got ${folder} without any`, {
    suggestion: 'Give the folder of a run that was begun with --detach.',
  });
}
