import type { Observable } from 'rxjs';
import type { CompositionSpec } from '../sources/CompositionSpec.ts';
import { compositionGrid } from '../sources/compositionGrid.ts';
import type { JobContext } from '../sources/JobContext.ts';
import type { PlanJobsConfig } from '../sources/planJobs.ts';
import { grid } from './grid.ts';
import type { RunSettings } from './openRun.ts';
import type { FinishedRun } from './runToFolder.ts';

/**
 * Compositions in their folder: each product before each background. Every picture is uploaded once. With more products or
 * backgrounds in the same folder only the new pairs are made. Emits once how it ended.
 *
 *     spec: 3 products, 2 backgrounds   6 jobs, 5 uploads
 *     compose                           -----(end|)
 *
 * Throws `UsageError` where the model takes no two pictures; emits what `grid` emits.
 */
export function compose(
  spec: CompositionSpec,
  contexts: readonly JobContext[],
  settings: RunSettings & PlanJobsConfig,
): Observable<FinishedRun> {
  return grid(compositionGrid(spec, contexts), contexts, settings);
}
