import type { Observable } from 'rxjs';
import { z } from 'zod';
import { specText } from '../../renditions/fields.ts';
import { writeBlindPage } from '../../sinks/comparison/blindVotes.ts';
import { writeComparisonGrid } from '../../sinks/comparison/comparisonGrid.ts';
import { manifestOutcomes } from '../../sinks/manifest/manifest.ts';
import { pictureInput } from '../../sources/modelInputs/pictureInput.ts';
import type { JobContext } from '../../sources/planning/jobContext.ts';
import type { PlanJobsConfig } from '../../sources/planning/planJobs.ts';
import {
  type BatchSpec,
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
import type { Grid, GridAxis } from './grid/cells.ts';
import { runGrid } from './grid/grid.ts';
import type { GridWorkflow } from './grid/gridWorkflow.ts';

/** Prompts, and the reference pictures whose styles to try them in. */
export interface StylesSpec extends BatchSpec {
  readonly prompts: readonly { readonly name: string; readonly prompt: string }[];
  /**
   * Reference pictures in the order of the variants A, B, C, …: paths, relative to the spec's
   * folder, or URLs.
   */
  readonly styles: readonly { readonly name: string; readonly picture: string }[];
  readonly max: number | null;
}

/**
 * Makes the same prompts in several styles, each from a reference picture: variants A, B, C, …
 * Writes them side by side to `comparison-grid.jpg`, and in pairs without their names to `ab.html`.
 * Each reference is uploaded once. Emits the finished run.
 *
 *     spec: 2 prompts, 3 styles   6 jobs, 3 uploads
 *     runStyles                   -----(end|)
 *
 * Throws `UsageError` if the model does not take a picture. Errors as `runGrid` does.
 */
export function runStyles(
  spec: StylesSpec,
  contexts: readonly JobContext[],
  settings: RunSettings & PlanJobsConfig,
): Observable<FinishedRun> {
  const axes = { rows: 'prompt', columns: 'variant' };
  return runGrid(stylesGrid(spec, contexts), contexts, settings).pipe(
    atEnd(async (end) => {
      await writeComparisonGrid(settings.folder, manifestOutcomes(settings.folder), axes);
      await writeBlindPage(settings.folder, manifestOutcomes(settings.folder), axes);
      return end;
    }),
  );
}

/**
 * Turns prompts and styles into a grid: each prompt with each reference picture, in the input that
 * the model has for it. Throws `UsageError` if it has none.
 */
export function stylesGrid(spec: StylesSpec, contexts: readonly JobContext[]): Grid {
  const picture = pictureInput(contexts[0]?.schema ?? null, 1);
  const words = spec.prompts.map((prompt) => ({ name: prompt.name, value: prompt.prompt }));
  const variants: GridAxis = {
    name: 'variant',
    place: 'styles',
    values: spec.styles.map((style) => ({
      tags: { variant: style.name },
      words: {},
      input: { [picture.name]: picture.valueOf(style.picture) },
    })),
  };
  return {
    prompt: '{prompt}',
    input: spec.input,
    axes: [gridAxis({ name: 'prompt', place: 'prompts', values: words, isWord: true }), variants],
    renditions: spec.renditions,
    max: spec.max,
  };
}

/** Style references as their file has them. */
export interface StylesFields extends SpecFields {
  readonly prompts: readonly PromptFields[];
  /** 2 to 26 reference pictures: paths or URLs. Default names: A, B, C, … */
  readonly styles: readonly (string | { readonly name: string; readonly picture: string })[];
  /** Images at most. Default 10,000. */
  readonly max?: number | null;
}

/**
 * Reads a spec of style references from a YAML or JSON file, or from an object. Rejects with
 * `UsageError` as `readBatchSpec` does.
 */
export function readStylesSpec(
  source: string | StylesFields,
  { allowFiles = [] }: SpecFilesConfig = {},
): Promise<StylesSpec> {
  return readBatchSpec(source, stylesSpecSchema, { what: 'spec of styles', allowFiles });
}

/** Variants are named A to Z. */
const MAX_STYLES = 26;

const style = z.union([
  specText.transform((picture) => ({ name: null, picture })),
  z.strictObject({ name: specText, picture: specText }),
]);

/** The schema of a file of style references. Strict: unknown keys are mistakes. */
export const stylesSpecSchema = z
  .strictObject({
    ...specFields,
    prompts: z.array(namedPrompt).min(1, 'Expected at least one prompt'),
    styles: z
      .array(style)
      .min(2, 'Expected at least two styles')
      .max(MAX_STYLES, 'Expected at most 26 styles'),
    max: z.int().min(1).nullish(),
  })
  .superRefine(uniqueNames('prompts', 'styles'))
  .transform(
    (spec): StylesSpec => ({
      ...readBatchFields(spec),
      prompts: spec.prompts,
      styles: spec.styles.map(({ name, picture }, index) => ({
        name: name ?? String.fromCharCode('A'.charCodeAt(0) + index),
        picture,
      })),
      max: spec.max ?? null,
    }),
  );

/** The same prompts in the styles of several pictures. */
export const stylesWorkflow: GridWorkflow<StylesSpec, StylesFields> = {
  read: readStylesSpec,
  defaultModel: 'google/nano-banana',
  gridOf: stylesGrid,
  run: runStyles,
};
