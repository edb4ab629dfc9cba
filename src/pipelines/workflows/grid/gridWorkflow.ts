import type { Observable } from 'rxjs';
import type { JobContext } from '../../../sources/planning/jobContext.ts';
import type { PlanJobsConfig } from '../../../sources/planning/planJobs.ts';
import type { BatchSpec } from '../../../sources/specs/batchSpec.ts';
import type { SpecFilesConfig } from '../../../sources/specs/readSpec.ts';
import type { FinishedRun } from '../../run/closing/results.ts';
import type { RunSettings } from '../../run/settings.ts';
import type { Grid } from './cells.ts';

/** A workflow whose jobs are the cells of a grid, from its spec to its run. */
export interface GridWorkflow<Spec extends BatchSpec, Fields extends object> {
  /** Reads a spec from a file, or from an object with the fields of a file. */
  readonly read: (source: string | Fields, config?: SpecFilesConfig) => Promise<Spec>;
  /** The model of a spec that names none. */
  readonly defaultModel: string;
  /** Returns the models on the grid's axis. Default: none, as the spec has one model. */
  readonly modelsOf?: (spec: Spec) => readonly string[];
  /**
   * Returns the grid for the contexts of its models. Throws `UsageError` if a model cannot take it.
   */
  readonly gridOf: (spec: Spec, contexts: readonly JobContext[]) => Grid;
  readonly run: (
    spec: Spec,
    contexts: readonly JobContext[],
    settings: RunSettings & PlanJobsConfig,
  ) => Observable<FinishedRun>;
}
