import { join } from 'node:path';
import { concatMap, defer, type Observable } from 'rxjs';
import { writeAtomically } from '../../../disk/writeFiles.ts';
import type { JobContext } from '../../../sources/planning/jobContext.ts';
import { type PlanJobsConfig, planJobs } from '../../../sources/planning/planJobs.ts';
import type { FinishedRun } from '../../run/results.ts';
import type { RunSettings } from '../../run/settings.ts';
import { runToFolder } from '../../runToFolder.ts';
import { type Grid, gridTotal, type ResumedGrid } from './cells.ts';
import { gridFileName, gridFingerprints, openGrid } from './growth.ts';
import { gridJobs } from './jobs.ts';

/**
 * A grid in its folder: a picture for each combination of its axes' values, or `count` of them. In a folder that has held a
 * smaller one only the new cells are made, behind the old ones. `contexts` has what is known of each of the grid's models,
 * or of the only one. Emits once how it ended.
 *
 *     grid: 2 products, 2 lights                4 jobs
 *     grid                                      -----(end|)
 *     grid: 2 products, 3 lights, same folder   6 jobs, of which 4 are there
 *     grid                                      ---(end|)
 *
 * Emits `UsageError` where the grid asks for what a model cannot take, is larger than it says it may be, or has lost something
 * that the folder was begun with; and what `runToFolder` emits.
 */
export function grid(
  wanted: Grid,
  contexts: readonly JobContext[],
  settings: RunSettings & PlanJobsConfig,
): Observable<FinishedRun> {
  return defer(() => openGrid(wanted, contexts, settings.folder)).pipe(
    concatMap((grown) => {
      let kept: Promise<void> | undefined;
      const plans = async function* () {
        // The folder is this run's alone by now, and no job is begun before its number is at rest.
        kept ??= keepHistory(grown, settings.folder);
        await kept;
        yield* planJobs(gridJobs(grown, contexts), settings);
      };
      const total = gridTotal(grown, contexts[0]?.limit);
      // Files may come by any axis.
      return runToFolder(plans, total, {
        ...settings,
        ...gridFingerprints(grown, contexts),
        haveFiles: true,
      });
    }),
  );
}

function keepHistory({ axes, boxes }: ResumedGrid, folder: string): Promise<void> {
  return writeAtomically(join(folder, gridFileName), `${JSON.stringify({ axes, boxes })}\n`);
}
