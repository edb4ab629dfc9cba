import { dirname } from 'node:path';
import type { ModelReference } from '../../base/modelName.ts';
import { UsageError } from '../../errors.ts';
import { parseModel } from '../../pipelines/front/planning/findModel.ts';
import { gridBatch } from '../../pipelines/front/planning/gridBatch.ts';
import { describeSize, type ResumedGrid } from '../../pipelines/workflows/grid/cells.ts';
import type { GridWorkflow } from '../../pipelines/workflows/grid/gridWorkflow.ts';
import type { BatchSpec } from '../../sources/specs/batchSpec.ts';
import { prefixSpecName } from '../../sources/specs/readSpec.ts';
import { type BatchScriptContext, withSpec } from './batchScript.ts';
import { chooseFolder } from './chooseFolder.ts';
import { jobContexts, specModel } from './models.ts';
import { startBatch } from './startBatch.ts';

/** A spec whose jobs are the cells of a grid. */
interface GridScript<Spec extends BatchSpec> {
  /** The spec in place of that of the file. Default: the file's, as it is. */
  readonly change?: (spec: Spec) => Spec;
  /** Called with the run folder once it is chosen. Default: no-op. */
  readonly onFolder?: (folder: string) => void;
}

/**
 * Reads the spec of a grid, looks up its models and plans it, then shows the plan or runs it;
 * resolves with the exit code. Relative paths of pictures begin beside the spec's file.
 */
export async function startGrid<Spec extends BatchSpec, Fields extends object>(
  workflow: GridWorkflow<Spec, Fields>,
  frame: BatchScriptContext,
  { change = (spec) => spec, onFolder = () => {} }: GridScript<Spec> = {},
): Promise<number> {
  const [specPath = ''] = frame.inputs;
  const { flags: given, service, io } = frame;
  const spec = change(await workflow.read(specPath, given));
  const references = referencesOf(workflow, spec, frame);
  const found = await jobContexts(withSpec(given, spec, service), references, service.provider);
  const contexts = found.map((each) => ({ ...each, folder: dirname(specPath) }));
  const place = await chooseFolder(frame, specPath, { name: spec.name });
  onFolder(place.folder);
  // From here on all errors are in the spec.
  const { grid, organize, ...batch } = await prefixSpecName(specPath, () =>
    gridBatch(workflow, spec, contexts, place.folder),
  );
  return startBatch({
    ...place,
    ...batch,
    axes: axesText(grid),
    flags: withSpec(given, { ...spec, organize }, service),
    service,
    io,
    around: frame.around,
  });
}

/** Describes the axes of the grid; if it has grown, also their size before. */
function axesText({ axes, boxes }: ResumedGrid): string {
  const now = describeSize(axes, boxes.at(-1) ?? []);
  const before = boxes.at(-2);
  return before === undefined ? now : `${now}, grown from ${describeSize(axes, before)}`;
}

function referencesOf<Spec extends BatchSpec, Fields extends object>(
  { modelsOf = () => [], defaultModel }: GridWorkflow<Spec, Fields>,
  spec: Spec,
  { flags, service }: BatchScriptContext,
): ModelReference[] {
  const models = modelsOf(spec);
  if (models.length === 0) return [specModel(spec, flags, service, defaultModel)];
  const [given] = flags.models;
  if (given === undefined) return models.map(parseModel);
  throw new UsageError('`--model` cannot be used with a spec that has models under `axes:`.', {
    suggestion: 'Remove --model, or the models from the spec.',
  });
}
