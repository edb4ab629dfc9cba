import { UsageError } from '../../errors.ts';
import type { BatchSpec } from '../../sources/specs/batchSpec.ts';
import { prefixSpecName, specFolder } from '../../sources/specs/readSpec.ts';
import type { GridWorkflow } from '../workflows/grid/gridWorkflow.ts';
import type { PlannedRun } from './imagesRun.ts';
import type { BatchOptions, WorkflowOptions } from './options.ts';
import { chooseModel } from './planning/chooseModel.ts';
import { parseModel } from './planning/findModel.ts';
import { gridBatch } from './planning/gridBatch.ts';
import { contextsFor } from './planning/jobContexts.ts';
import { specInput } from './planning/specInput.ts';
import { choicesOf, givenModel, startFront, withSpec } from './startFront.ts';

interface StartGridConfig<Spec> {
  /** Names of the options that this front has besides those of all. Default: `model`. */
  readonly adds?: readonly string[];
  /** The spec in place of that which was read. Default: as it is. */
  readonly change?: (spec: Spec) => Spec;
}

/** Starts the run of a workflow whose jobs are the cells of a grid. */
export function startGrid<Spec extends BatchSpec, Fields extends object>(
  workflow: GridWorkflow<Spec, Fields>,
  spec: string | Fields,
  options: WorkflowOptions,
  { adds = ['model'], change = (read) => read }: StartGridConfig<Spec> = {},
): PlannedRun {
  return startFront(options, { adds }, async ({ provider, folder }) => {
    const { allowFiles = [] } = options;
    const read = change(await workflow.read(spec, { allowFiles }));
    const settled = withSpec<BatchOptions>(options, read);
    const models = workflow.modelsOf?.(read) ?? [];
    if (models.length > 0 && options.model !== undefined) throw modelTwice();
    const references =
      models.length > 0
        ? models.map(parseModel)
        : [chooseModel(read, givenModel(options), workflow.defaultModel)];
    const found = await contextsFor(choicesOf(settled), references, provider);
    const contexts = found.map((each) => ({ ...each, folder: specFolder(spec) }));
    const {
      grid: _grid,
      organize,
      ...batch
    } = await prefixSpecName(spec, () => gridBatch(workflow, read, contexts, folder));
    return { ...batch, input: await specInput(spec), options: { organize, ...settled } };
  });
}

function modelTwice(): UsageError {
  return new UsageError('`model` cannot be used with a spec that has models under `axes`.', {
    suggestion: 'Leave out `model`, or the models of the spec.',
  });
}
