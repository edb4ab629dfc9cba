import { join } from 'node:path';
import { concatMap, type Observable } from 'rxjs';
import { compareOutcomes } from '../sinks/comparison/compareOutcomes.ts';
import { writeBlindPage } from '../sinks/comparison/writeBlindPage.ts';
import { writeComparisonGrid } from '../sinks/comparison/writeComparisonGrid.ts';
import { manifestOutcomes } from '../sinks/manifestOutcomes.ts';
import { writeAtomically } from '../sinks/writeAtomically.ts';
import type { CompareSpec } from '../sources/CompareSpec.ts';
import { compareGrid } from '../sources/compareGrid.ts';
import type { JobContext } from '../sources/JobContext.ts';
import type { PlanJobsConfig } from '../sources/planJobs.ts';
import { grid } from './grid.ts';
import type { RunSettings } from './openRun.ts';
import type { FinishedRun } from './runToFolder.ts';

/**
 * A comparison in its folder: what each model makes of each prompt, with the same seed where it has one; then `comparison.json` (times,
 * cost and picture of each model, the fastest first) and `comparison-grid.jpg`, prompts as rows and models as columns, and
 * `ab.html` for blind votes. With more
 * prompts or models in the same folder only the new pictures are made. Emits once how it ended.
 *
 *     spec: 3 prompts, 2 models   6 jobs
 *     compareModels               -----(end|)
 *
 * Emits what `grid` emits.
 */
export function compareModels(
  spec: CompareSpec,
  contexts: readonly JobContext[],
  settings: RunSettings & PlanJobsConfig,
): Observable<FinishedRun> {
  const { folder } = settings;
  const axes = { rows: 'prompt', columns: 'model' };
  return grid(compareGrid(spec), contexts, settings).pipe(
    concatMap(async (end) => {
      const comparison = await compareOutcomes(manifestOutcomes(folder));
      await writeAtomically(join(folder, 'comparison.json'), `${JSON.stringify(comparison, null, 2)}\n`);
      await writeComparisonGrid(folder, manifestOutcomes(folder), axes);
      await writeBlindPage(folder, manifestOutcomes(folder), axes);
      return end;
    }),
  );
}
