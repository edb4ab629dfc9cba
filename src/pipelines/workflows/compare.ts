import { join } from 'node:path';
import type { Observable } from 'rxjs';
import { z } from 'zod';
import { writeJson } from '../../disk/writeFiles.ts';
import { UsageError } from '../../errors.ts';
import { specText } from '../../renditions/fields.ts';
import { compareOutcomes } from '../../sinks/comparison/comparison.ts';
import { manifestOutcomes } from '../../sinks/manifest/manifest.ts';
import type { JobContext } from '../../sources/planning/jobContext.ts';
import type { PlanJobsConfig } from '../../sources/planning/planJobs.ts';
import {
  type BatchSpec,
  modelName,
  namedPrompt,
  type PromptFields,
  readBatchFields,
  type SpecFields,
  specFields,
  uniqueNames,
} from '../../sources/specs/batchSpec.ts';
import { readBatchSpec, type SpecFilesConfig } from '../../sources/specs/readSpec.ts';
import { atEnd } from '../run/closing/faults.ts';
import type { FinishedRun } from '../run/closing/results.ts';
import type { RunSettings } from '../run/settings.ts';
import { gridAxis } from './grid/axes.ts';
import type { Grid } from './grid/cells.ts';
import { runGrid } from './grid/grid.ts';
import type { GridWorkflow } from './grid/gridWorkflow.ts';

/** One of the models of a comparison. */
export interface NamedModel {
  /** Its name in paths, titles, votes and reports; null: a short form of the model's name. */
  readonly name: string | null;
  /** `owner/name`, optionally with `:version`. */
  readonly model: string;
}

/** Prompts, and the models to compare on them. */
export interface CompareSpec extends BatchSpec {
  readonly prompts: readonly { readonly name: string; readonly prompt: string }[];
  readonly models: readonly NamedModel[];
}

/**
 * Runs each prompt on each model, with the same seed if the model has one. Then writes
 * `comparison.json` (times, cost and image of each model, the fastest first), `comparison-grid.jpg`
 * (prompts as rows, models as columns) and `ab.html` for blind votes. If you add prompts or models
 * and run it again in the same folder, only the new images are made. Emits the finished run.
 *
 *     spec: 3 prompts, 2 models   6 jobs
 *     runComparison               -----(end|)
 *
 * Errors as `runGrid` does.
 */
export function runComparison(
  spec: CompareSpec,
  contexts: readonly JobContext[],
  settings: RunSettings & PlanJobsConfig,
): Observable<FinishedRun> {
  const { folder } = settings;
  const axes = { rows: 'prompt', columns: 'model' };
  return runGrid(compareGrid(spec), contexts, settings).pipe(
    atEnd(async (end) => {
      const comparison = await compareOutcomes(manifestOutcomes(folder));
      await writeJson(join(folder, 'comparison.json'), { service: end.report.service, ...comparison });
      const { writeComparisonGrid } = await import('../../sinks/comparison/comparisonGrid.ts');
      const { writeBlindPage } = await import('../../sinks/comparison/blindVotes.ts');
      await writeComparisonGrid(folder, manifestOutcomes(folder), axes);
      await writeBlindPage(folder, manifestOutcomes(folder), axes);
      return end;
    }),
  );
}

/** One seed for all models, so that their images are as similar as different models allow. */
const SEED = 1;

/**
 * Turns a comparison into a grid: each prompt by every model, with the same seed if the model has
 * one.
 */
export function compareGrid({ prompts, models, input, seed, renditions }: CompareSpec): Grid {
  const sameSeed = typeof seed === 'number' ? seed : SEED;
  const words = prompts.map(({ name, prompt }) => ({ name, value: prompt }));
  const names = models.map(({ name, model }) => ({ name, value: model }));
  return {
    prompt: '{prompt}',
    input: seed === 'none' ? input : { seed: sameSeed, ...input },
    axes: [
      gridAxis({ name: 'prompt', place: 'prompts', values: words, isWord: true }),
      gridAxis({ name: 'model', place: 'models', values: names, isWord: false }),
    ],
    renditions,
    max: null,
  };
}

/** A model as `owner/name`, optionally with `:version`, or one with a name of its own. */
export type ModelFields = string | { readonly name: string; readonly model: string };

/** A comparison as its file has it. */
export interface CompareFields extends Omit<SpecFields, 'model'> {
  readonly prompts: readonly PromptFields[];
  /** May be left out if others are given. */
  readonly models?: readonly ModelFields[] | null;
}

/**
 * Reads a comparison's spec from a YAML or JSON file, or from an object. Rejects with
 * `UsageError` as `readBatchSpec` does.
 */
export function readCompareSpec(
  source: string | CompareFields,
  { allowFiles = [] }: SpecFilesConfig = {},
): Promise<CompareSpec> {
  return readBatchSpec(source, compareSpecSchema, { what: 'comparison spec', allowFiles });
}

const { model: _one, ...fields } = specFields;

const namedModel = z.union([
  modelName.transform((model): NamedModel => ({ name: null, model })),
  z.strictObject({ name: specText, model: modelName }),
]);

/**
 * Returns a comparison of other models, if some are given. Throws `UsageError` if two of them have
 * the same name.
 */
export function withModels(spec: CompareSpec, given: readonly NamedModel[]): CompareSpec {
  if (given.length === 0) return spec;
  const models = distinctModels(given);
  const names = models.flatMap(({ name }) => name ?? []);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return { ...spec, models };
  throw new UsageError(`Expected each name of a model once, got ${twice} twice`);
}

/** Leaves out models that were given before under the same name. */
function distinctModels(models: readonly NamedModel[]): NamedModel[] {
  return models.filter(
    ({ name, model }, index) =>
      models.findIndex((other) => other.model === model && other.name === name) === index,
  );
}

/** The schema of a comparison's file. Strict: unknown keys are mistakes. */
export const compareSpecSchema = z
  .strictObject({
    ...fields,
    prompts: z.array(namedPrompt).min(1, 'Expected at least one prompt'),
    models: z
      .array(namedModel)
      .min(1, 'Expected at least one model')
      .transform(distinctModels)
      .nullish()
      .transform((models) => models ?? []),
  })
  .superRefine(uniqueNames('prompts', 'models'))
  .transform(
    (spec): CompareSpec => ({
      ...readBatchFields({ ...spec, model: null }),
      prompts: spec.prompts,
      models: spec.models,
    }),
  );

/** The same prompts with several models. */
export const comparisonWorkflow: GridWorkflow<CompareSpec, CompareFields> = {
  read: readCompareSpec,
  // Never asked for: a comparison names its models.
  defaultModel: '',
  modelsOf: ({ models }) => models.map(({ model }) => model),
  gridOf: compareGrid,
  run: runComparison,
};
