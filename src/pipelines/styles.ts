import { concatMap, type Observable } from 'rxjs';
import { writeBlindPage } from '../sinks/comparison/writeBlindPage.ts';
import { writeComparisonGrid } from '../sinks/comparison/writeComparisonGrid.ts';
import { manifestOutcomes } from '../sinks/manifestOutcomes.ts';
import type { JobContext } from '../sources/JobContext.ts';
import type { PlanJobsConfig } from '../sources/planJobs.ts';
import type { StylesSpec } from '../sources/StylesSpec.ts';
import { stylesGrid } from '../sources/stylesGrid.ts';
import { grid } from './grid.ts';
import type { RunSettings } from './openRun.ts';
import type { FinishedRun } from './runToFolder.ts';

/**
 * The same prompts in several styles, each from a reference picture: variants A, B, C, … in their folder, and side by side in
 * `comparison-grid.jpg`, two by two and without their names in `ab.html`. Each reference is uploaded once. Emits once how it ended.
 *
 *     spec: 2 prompts, 3 styles   6 jobs, 3 uploads
 *     styles                      -----(end|)
 *
 * Emits `UsageError` where the model takes no picture, and what `grid` emits.
 */
export function styles(
  spec: StylesSpec,
  contexts: readonly JobContext[],
  settings: RunSettings & PlanJobsConfig,
): Observable<FinishedRun> {
  const axes = { rows: 'prompt', columns: 'variant' };
  return grid(stylesGrid(spec, contexts), contexts, settings).pipe(
    concatMap(async (end) => {
      await writeComparisonGrid(settings.folder, manifestOutcomes(settings.folder), axes);
      await writeBlindPage(settings.folder, manifestOutcomes(settings.folder), axes);
      return end;
    }),
  );
}
