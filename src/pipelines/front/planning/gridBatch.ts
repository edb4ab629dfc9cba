import type { JobContext } from '../../../sources/planning/jobContext.ts';
import type { BatchSpec } from '../../../sources/specs/batchSpec.ts';
import { gridTotal, type ResumedGrid } from '../../workflows/grid/cells.ts';
import type { GridWorkflow } from '../../workflows/grid/gridWorkflow.ts';
import { openGrid } from '../../workflows/grid/growth.ts';
import { gridJobs, gridOrganize } from '../../workflows/grid/jobs.ts';
import type { JobsToPlan } from './planBatch.ts';

/** The jobs of a grid. */
interface GridBatch extends JobsToPlan {
  /** The spec's path template, or one that fits the axes. */
  readonly organize: string;
  /** The grid, continued from the one in its folder. */
  readonly grid: ResumedGrid;
}

/**
 * Turns the spec of a grid into jobs, in the order in which its folder has grown. `contexts` has
 * one context for each of the grid's models, or a single one. Rejects with `UsageError` if the spec
 * does not fit its models.
 */
export async function gridBatch<Spec extends BatchSpec, Fields extends object>(
  { gridOf, run }: GridWorkflow<Spec, Fields>,
  spec: Spec,
  contexts: readonly JobContext[],
  folder: string,
): Promise<GridBatch> {
  const wanted = gridOf(spec, contexts);
  const grid = await openGrid(wanted, contexts, folder);
  return {
    grid,
    organize: spec.organize ?? gridOrganize(wanted.axes),
    jobs: () => gridJobs(grid, contexts),
    total: gridTotal(grid, contexts[0]?.limit),
    context: contexts,
    renditions: spec.renditions,
    haveFiles: true,
    tagNames: wanted.axes.flatMap(({ values: [first] }) => Object.keys(first?.tags ?? {})),
    // The grid has its own fingerprint, which lets it grow.
    fingerprint: null,
    run: (settings) => run(spec, contexts, settings),
  };
}
