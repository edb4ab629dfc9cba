import { join } from 'node:path';
import { concatMap, defer, type Observable } from 'rxjs';
import { writeAtomically } from '../../../disk/writeFiles.ts';
import type { JobContext } from '../../../sources/planning/jobContext.ts';
import { type PlanJobsConfig, planJobs } from '../../../sources/planning/planJobs.ts';
import { checkSettings } from '../../run/checkSettings.ts';
import type { FinishedRun } from '../../run/closing/results.ts';
import type { RunSettings } from '../../run/settings.ts';
import { runCounted } from '../../runToFolder.ts';
import { type Grid, gridTotal, type ResumedGrid } from './cells.ts';
import type { GridWorkflow } from './gridWorkflow.ts';
import { gridFileName, openGrid } from './growth.ts';
import { gridJobs } from './jobs.ts';
import { type GridFields, type GridSpec, readGridSpec } from './spec.ts';

/**
 * Makes an image, or `count` images, for each combination of the axes' values. In a folder that has
 * another grid only the new cells are made; after the old ones, if the grid has only grown.
 * `contexts` has one context for each of the grid's models, or a single one. Emits the finished
 * run.
 *
 *     grid: 2 products, 2 lights                4 jobs
 *     runGrid                                   -----(end|)
 *     grid: 2 products, 3 lights, same folder   6 jobs, of which 4 are already saved
 *     runGrid                                   ---(end|)
 *
 * Errors with `UsageError` if a model cannot take an input, or if the grid is larger than its
 * `max`. Errors as `runToFolder` does.
 */
export function runGrid(
  wanted: Grid,
  contexts: readonly JobContext[],
  settings: RunSettings & PlanJobsConfig,
): Observable<FinishedRun> {
  checkSettings(settings, 'folder', 'provider');
  return defer(() => openGrid(wanted, contexts, settings.folder)).pipe(
    concatMap((grown) => {
      let written: Promise<void> | undefined;
      const plans = async function* () {
        // By now the folder is locked by this run, and no job starts before its number is on disk.
        written ??= writeGridHistory(grown, settings.folder);
        await written;
        yield* planJobs(gridJobs(grown, contexts), settings);
      };
      const total = gridTotal(grown, contexts[0]?.limit);
      // Any axis may have files.
      return runCounted(plans, total, { ...settings, haveFiles: true });
    }),
  );
}

/** Combinations of values: words of the prompt, model inputs, models. */
export const gridWorkflow: GridWorkflow<GridSpec, GridFields> = {
  read: readGridSpec,
  defaultModel: 'black-forest-labs/flux-schnell',
  modelsOf: ({ axes }) => [
    ...new Set(axes.flatMap(({ values }) => values.flatMap(({ model }) => model ?? []))),
  ],
  gridOf: (spec) => spec,
  run: runGrid,
};

function writeGridHistory({ axes, boxes }: ResumedGrid, folder: string): Promise<void> {
  return writeAtomically(join(folder, gridFileName), `${JSON.stringify({ axes, boxes })}\n`);
}
