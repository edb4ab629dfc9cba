import type { Observable } from 'rxjs';
import { z } from 'zod';
import { specText } from '../../renditions/fields.ts';
import { pictureInput, strengthInput } from '../../sources/modelInputs/pictureInput.ts';
import type { JobContext } from '../../sources/planning/jobContext.ts';
import type { PlanJobsConfig } from '../../sources/planning/planJobs.ts';
import {
  type BatchSpec,
  namedPrompt,
  type PromptFields,
  readBatchFields,
  type SpecFields,
  specFields,
} from '../../sources/specs/batchSpec.ts';
import { promptTemplate, specPrompt } from '../../sources/specs/promptTemplate.ts';
import { readBatchSpec, type SpecFilesConfig } from '../../sources/specs/readSpec.ts';
import type { ModelSchema } from '../../types.ts';
import type { FinishedRun } from '../run/closing/results.ts';
import type { RunSettings } from '../run/settings.ts';
import { gridAxes, gridAxis } from './grid/axes.ts';
import type { Grid, GridAxis } from './grid/cells.ts';
import { runGrid } from './grid/grid.ts';
import type { GridWorkflow } from './grid/gridWorkflow.ts';

/** One variation of a picture. */
export interface PictureVariation {
  /** Name in files and tags. */
  readonly name: string;
  /** Its words in the prompt. */
  readonly prompt: string;
}

/** A reference picture, and the variations to make of it. */
export interface VariationsSpec extends BatchSpec {
  /** Path, relative to the spec's folder, or URL. */
  readonly reference: string;
  /**
   * Prompt of all variations. `{variation}` stands for the words of each one; without it they are
   * appended.
   */
  readonly prompt: string;
  readonly variations: readonly PictureVariation[];
  /** Distances from the reference, 0…1, each of which is tried. Empty: the model's default. */
  readonly strengths: readonly number[];
  readonly max: number | null;
}

/**
 * Makes variations of a picture: each variation at each strength. The picture is uploaded once. If
 * you add variations and run it again in the same folder, only the new ones are made. Emits the
 * finished run.
 *
 *     spec: 4 variations   4 jobs, 1 upload
 *     runVariations        -----(end|)
 *
 * Throws `UsageError` if the model does not take a picture. Errors as `runGrid` does.
 */
export function runVariations(
  spec: VariationsSpec,
  contexts: readonly JobContext[],
  settings: RunSettings & PlanJobsConfig,
): Observable<FinishedRun> {
  return runGrid(variationsGrid(spec, contexts), contexts, settings);
}

/**
 * Turns variations of a picture into a grid: the variations, the strengths if there are several,
 * and the alternatives of the prompt. The picture goes into the input that the model has for it.
 * Throws `UsageError` if it has none.
 */
export function variationsGrid(spec: VariationsSpec, contexts: readonly JobContext[]): Grid {
  const schema = contexts[0]?.schema ?? null;
  const { strengths, reference, renditions, max } = spec;
  const prompt = /\{variation\}/.test(spec.prompt) ? spec.prompt : `${spec.prompt}, {variation}`;
  const picture = pictureInput(schema, 1);
  const [strength] = strengths;
  const fixed = strength === undefined || strengths.length > 1 ? {} : { [strengthInput(schema)]: strength };
  return {
    prompt: promptTemplate(prompt).prompt,
    input: { [picture.name]: picture.valueOf(reference), ...fixed, ...spec.input },
    inputPlaces: {
      [picture.name]: 'reference',
      ...(strength === undefined ? {} : { [strengthInput(schema)]: 'strength' }),
    },
    axes: [variationAxis(spec), ...strengthAxis(spec, schema), ...gridAxes({ prompt })],
    renditions,
    max,
  };
}

function variationAxis({ variations }: VariationsSpec): GridAxis {
  const values = variations.map(({ name, prompt }) => ({ name, value: prompt }));
  return gridAxis({ name: 'variation', place: 'variations', values, isWord: true });
}

function strengthAxis({ strengths }: VariationsSpec, schema: ModelSchema | null): GridAxis[] {
  if (strengths.length < 2) return [];
  const values = strengths.map((value) => ({ name: null, value }));
  return [gridAxis({ name: strengthInput(schema), place: 'strength', values, isWord: false })];
}

/** Variations as their file has them. */
export interface VariationsFields extends SpecFields {
  /** Path of the reference picture, or its URL. */
  readonly reference: string;
  /** `{variation}` stands for the words of each one; without it they are appended. */
  readonly prompt: string;
  readonly variations: readonly PromptFields[];
  /** Distance from the reference, 0…1; of several each is tried. Default: the model's. */
  readonly strength?: number | readonly number[] | null;
  /** Images at most. Default 10,000. */
  readonly max?: number | null;
}

/**
 * Reads a spec of variations from a YAML or JSON file, or from an object. Rejects with
 * `UsageError` as `readBatchSpec` does.
 */
export function readVariationsSpec(
  source: string | VariationsFields,
  { allowFiles = [] }: SpecFilesConfig = {},
): Promise<VariationsSpec> {
  return readBatchSpec(source, variationsSpecSchema, { what: 'spec of variations', allowFiles });
}

const strength = z.number().min(0).max(1);

/** The schema of a file of variations. Strict: unknown keys are mistakes. */
export const variationsSpecSchema = z
  .strictObject({
    ...specFields,
    reference: specText,
    prompt: specPrompt(['variation']),
    variations: z.array(namedPrompt).min(1, 'Expected at least one variation'),
    strength: z.union([strength.transform((value) => [value]), z.array(strength).min(1)]).nullish(),
    max: z.int().min(1).nullish(),
  })
  .transform(
    (spec): VariationsSpec => ({
      ...readBatchFields(spec),
      reference: spec.reference,
      prompt: spec.prompt,
      variations: spec.variations,
      strengths: spec.strength ?? [],
      max: spec.max ?? null,
    }),
  );

/** Variations of a reference picture. */
export const variationsWorkflow: GridWorkflow<VariationsSpec, VariationsFields> = {
  read: readVariationsSpec,
  defaultModel: 'black-forest-labs/flux-dev',
  gridOf: variationsGrid,
  run: runVariations,
};
