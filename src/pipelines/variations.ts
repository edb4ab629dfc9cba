import type { Observable } from 'rxjs';
import type { JobContext } from '../sources/JobContext.ts';
import type { PlanJobsConfig } from '../sources/planJobs.ts';
import type { VariationsSpec } from '../sources/VariationsSpec.ts';
import { variationsGrid } from '../sources/variationsGrid.ts';
import { grid } from './grid.ts';
import type { RunSettings } from './openRun.ts';
import type { FinishedRun } from './runToFolder.ts';

/**
 * Variations of a picture in their folder: one for each variation, at each strength. The picture is uploaded once. With more
 * variations in the same folder only the new ones are made. Emits once how it ended.
 *
 *     spec: 4 variations   4 jobs, 1 upload
 *     variations           -----(end|)
 *
 * Throws `UsageError` where the model takes no picture; emits what `grid` emits.
 */
export function variations(
  spec: VariationsSpec,
  contexts: readonly JobContext[],
  settings: RunSettings & PlanJobsConfig,
): Observable<FinishedRun> {
  return grid(variationsGrid(spec, contexts), contexts, settings);
}
