import { dirname } from 'node:path';
import type { Observable } from 'rxjs';
import type { ModelReference } from '../../base/modelName.ts';
import { UsageError } from '../../errors.ts';
import type { FinishedRun } from '../../pipelines/run/closing/results.ts';
import type { RunSettings } from '../../pipelines/run/settings.ts';
import {
  describeSize,
  type Grid,
  gridTotal,
  type ResumedGrid,
} from '../../pipelines/workflows/grid/cells.ts';
import { openGrid } from '../../pipelines/workflows/grid/growth.ts';
import { gridJobs, gridOrganize } from '../../pipelines/workflows/grid/jobs.ts';
import type { JobContext } from '../../sources/planning/jobContext.ts';
import type { PlanJobsConfig } from '../../sources/planning/planJobs.ts';
import type { BatchSpec } from '../../sources/specs/batchSpec.ts';
import { flagValues } from '../flags/flagValues.ts';
import { type BatchScriptContext, prefixSpecName, withSpec } from './batchScript.ts';
import { chooseFolder } from './chooseFolder.ts';
import { jobContexts, specModel } from './models.ts';
import { startBatch } from './startBatch.ts';

/** A spec whose jobs are the cells of a grid. */
interface GridScript {
  readonly spec: BatchSpec;
  /** The path of the spec's file; relative paths of pictures begin beside it. */
  readonly specPath: string;
  readonly defaultModel: string;
  /** The models on the grid's axis. Default: none, as the spec has one model. */
  readonly models?: readonly string[];
  /** Returns the grid for the contexts of its models. */
  readonly gridOf: (contexts: readonly JobContext[]) => Grid;
  readonly run: (
    contexts: readonly JobContext[],
    settings: RunSettings & PlanJobsConfig,
  ) => Observable<FinishedRun>;
  /** Called with the run folder once it is chosen. Default: no-op. */
  readonly onFolder?: (folder: string) => void;
}

/**
 * Looks up the models of a grid and plans it, then shows the plan or runs it; resolves with the
 * exit code.
 */
export async function startGrid(script: GridScript, frame: BatchScriptContext): Promise<number> {
  const { spec, specPath, run } = script;
  const { flags: given, service, io } = frame;
  const references = referencesOf(script, frame);
  const found = await jobContexts(withSpec(given, spec, service), references, service.provider);
  const contexts = found.map((each) => ({ ...each, folder: dirname(specPath) }));
  const place = await chooseFolder(frame, specPath, { name: spec.name });
  script.onFolder?.(place.folder);
  // From here on all errors are in the spec.
  const { wanted, grown } = await prefixSpecName(specPath, () => readGrid(script, contexts, place.folder));
  return startBatch({
    ...place,
    jobs: () => gridJobs(grown, contexts),
    total: gridTotal(grown, contexts[0]?.limit),
    context: contexts,
    renditions: spec.renditions,
    axes: axesText(grown),
    haveFiles: true,
    tagNames: wanted.axes.flatMap(({ values: [first] }) => Object.keys(first?.tags ?? {})),
    // The grid has its own fingerprint, which lets it grow.
    fingerprint: null,
    flags: withSpec(given, { ...spec, organize: spec.organize ?? gridOrganize(wanted.axes) }, service),
    service,
    io,
    around: frame.around,
    run: (settings) => run(contexts, settings),
  });
}

async function readGrid({ gridOf }: GridScript, contexts: readonly JobContext[], folder: string) {
  const wanted = gridOf(contexts);
  return { wanted, grown: await openGrid(wanted, contexts, folder) };
}

/** Describes the axes of the grid; if it has grown, also their size before. */
function axesText({ axes, boxes }: ResumedGrid): string {
  const now = describeSize(axes, boxes.at(-1) ?? []);
  const before = boxes.at(-2);
  return before === undefined ? now : `${now}, grown from ${describeSize(axes, before)}`;
}

function referencesOf(
  { spec, models = [], defaultModel }: GridScript,
  { flags, service }: BatchScriptContext,
): ModelReference[] {
  if (models.length === 0) return [specModel(spec, flags, service, defaultModel)];
  const [given] = flags.models;
  if (given === undefined) return models.map((name) => flagValues.modelReference.schema.parse(name));
  throw new UsageError('`--model` cannot be used with a spec that has models under `axes:`.', {
    suggestion: 'Remove --model, or the models from the spec.',
  });
}
