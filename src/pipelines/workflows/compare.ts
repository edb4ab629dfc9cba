import { join } from 'node:path';
import type { Observable } from 'rxjs';
import { z } from 'zod';
import { writeJson } from '../../disk/writeFiles.ts';
import { writeBlindPage } from '../../sinks/comparison/blindVotes.ts';
import { compareOutcomes } from '../../sinks/comparison/comparison.ts';
import { writeComparisonGrid } from '../../sinks/comparison/comparisonGrid.ts';
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

/** Prompts, and the models to compare on them. */
export interface CompareSpec extends BatchSpec {
  readonly prompts: readonly { readonly name: string; readonly prompt: string }[];
  /** Models as `owner/name`, optionally with `:version`. */
  readonly models: readonly string[];
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
      await writeComparisonGrid(folder, manifestOutcomes(folder), axes);
      await writeBlindPage(folder, manifestOutcomes(folder), axes);
      return end;
    }),
  );
}

/** One seed for all models, so that they start alike, as far as different models can. */
const SEED = 1;

/**
 * Turns a comparison into a grid: each prompt by every model, with the same seed if the model has
 * one.
 */
export function compareGrid({ prompts, models, input, seed, renditions }: CompareSpec): Grid {
  const sameSeed = typeof seed === 'number' ? seed : SEED;
  const words = prompts.map(({ name, prompt }) => ({ name, value: prompt }));
  const names = models.map((value) => ({ name: null, value }));
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

/** A comparison as its file has it. */
export interface CompareFields extends Omit<SpecFields, 'model'> {
  readonly prompts: readonly PromptFields[];
  /** Models as `owner/name`, optionally with `:version`. May be left out if others are given. */
  readonly models?: readonly string[] | null;
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

/** The schema of a comparison's file. Strict: unknown keys are mistakes. */
export const compareSpecSchema = z
  .strictObject({
    ...fields,
    prompts: z.array(namedPrompt).min(1, 'Expected at least one prompt'),
    models: z.array(modelName).min(1, 'Expected at least one model').nullish(),
  })
  .superRefine(uniqueNames('prompts'))
  .transform(
    (spec): CompareSpec => ({
      ...readBatchFields({ ...spec, model: null }),
      prompts: spec.prompts,
      models: [...new Set(spec.models ?? [])],
    }),
  );

/** The same prompts with several models. */
export const comparisonWorkflow: GridWorkflow<CompareSpec, CompareFields> = {
  read: readCompareSpec,
  // Never asked for: a comparison names its models.
  defaultModel: '',
  modelsOf: ({ models }) => models,
  gridOf: compareGrid,
  run: runComparison,
};
