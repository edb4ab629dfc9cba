import { basename, extname } from 'node:path';
import type { Observable } from 'rxjs';
import { z } from 'zod';
import { specText } from '../../renditions/fields.ts';
import { pictureInput } from '../../sources/modelInputs/pictureInput.ts';
import type { JobContext } from '../../sources/planning/jobContext.ts';
import type { PlanJobsConfig } from '../../sources/planning/planJobs.ts';
import {
  type BatchSpec,
  readBatchFields,
  type SpecFields,
  specFields,
  uniqueNames,
} from '../../sources/specs/batchSpec.ts';
import { promptTemplate, specPrompt } from '../../sources/specs/promptTemplate.ts';
import { readBatchSpec, type SpecFilesConfig } from '../../sources/specs/readSpec.ts';
import type { ModelInput } from '../../types.ts';
import type { FinishedRun } from '../run/closing/results.ts';
import type { RunSettings } from '../run/settings.ts';
import { gridAxes } from './grid/axes.ts';
import type { Grid, GridAxis } from './grid/cells.ts';
import { runGrid } from './grid/grid.ts';
import type { GridWorkflow } from './grid/gridWorkflow.ts';

/** A picture to compose: a product or a background. */
export interface CompositionPicture {
  /** Name in folders, files and tags. */
  readonly name: string;
  /** Path, relative to the spec's folder, or URL. */
  readonly image: string;
  /** Its words in the prompt. */
  readonly prompt: string;
}

/** Products and backgrounds: each product is shown before each background. */
export interface CompositionSpec extends BatchSpec {
  /** Template with `{product}` and `{background}`. */
  readonly prompt: string;
  readonly products: readonly CompositionPicture[];
  readonly backgrounds: readonly CompositionPicture[];
  readonly max: number | null;
}

/**
 * Shows each product before each background. Every picture is uploaded once. If you add products or
 * backgrounds and run it again in the same folder, only the new pairs are made. Emits the finished
 * run.
 *
 *     spec: 3 products, 2 backgrounds   6 jobs, 5 uploads
 *     runCompositions                   -----(end|)
 *
 * Throws `UsageError` if the model does not take two pictures. Errors as `runGrid` does.
 */
export function runCompositions(
  spec: CompositionSpec,
  contexts: readonly JobContext[],
  settings: RunSettings & PlanJobsConfig,
): Observable<FinishedRun> {
  return runGrid(compositionGrid(spec, contexts), contexts, settings);
}

const asBackground = 'match_input_image';

/**
 * Turns compositions into a grid of products and backgrounds. Both pictures go into the input that
 * takes several, the product first; the result has the shape of its inputs if the model offers
 * that. Throws `UsageError` if the model does not take two pictures.
 */
export function compositionGrid(spec: CompositionSpec, contexts: readonly JobContext[]): Grid {
  const schema = contexts[0]?.schema ?? null;
  const { prompt, products, backgrounds, renditions, max } = spec;
  const { name } = pictureInput(schema, 2);
  const choices = schema?.properties.aspect_ratio?.enum ?? [];
  const shape: ModelInput = choices.includes(asBackground) ? { aspect_ratio: asBackground } : {};
  return {
    prompt: promptTemplate(prompt).prompt,
    input: { ...shape, ...spec.input },
    axes: [
      pictureAxis('product', 'products', products, name),
      pictureAxis('background', 'backgrounds', backgrounds, name),
      ...gridAxes({ prompt }),
    ],
    renditions,
    max,
  };
}

function pictureAxis(
  axis: string,
  path: string,
  pictures: readonly CompositionPicture[],
  inputName: string,
): GridAxis {
  const values = pictures.map(({ name, image, prompt }) => ({
    tags: { [axis]: name },
    words: { [axis]: prompt },
    input: { [inputName]: [image] },
  }));
  return { name: axis, place: path, values };
}

/** A picture to compose: a path or URL, or one with a name and its words in the prompt. */
export type PictureFields =
  | string
  | { readonly image: string; readonly name?: string | null; readonly prompt?: string | null };

/** Compositions as their file has them. */
export interface CompositionFields extends SpecFields {
  /** Template with `{product}` and `{background}`. Default: one for photographs of products. */
  readonly prompt?: string;
  readonly products: readonly PictureFields[];
  readonly backgrounds: readonly PictureFields[];
  /** Images at most. Default 10,000. */
  readonly max?: number | null;
}

/**
 * Reads a spec of compositions from a YAML or JSON file, or from an object. Rejects with
 * `UsageError` as `readBatchSpec` does.
 */
export function readCompositionSpec(
  source: string | CompositionFields,
  { allowFiles = [] }: SpecFilesConfig = {},
): Promise<CompositionSpec> {
  return readBatchSpec(source, compositionSpecSchema, { what: 'spec of compositions', allowFiles });
}

const usualPrompt =
  'the {product} of the first picture, placed naturally in the {background} of the second, with its light and shadows';

const picture = z
  .union([
    specText.transform((image) => ({ image, name: null, prompt: null })),
    z.strictObject({ image: specText, name: specText.nullish(), prompt: specText.nullish() }),
  ])
  .transform(({ image, ...given }): CompositionPicture => {
    const name = given.name ?? basename(image, extname(image));
    return { image, name, prompt: given.prompt ?? name.replaceAll(/[_-]+/g, ' ') };
  });

/** The schema of a file of compositions. Strict: unknown keys are mistakes. */
export const compositionSpecSchema = z
  .strictObject({
    ...specFields,
    prompt: specPrompt(['product', 'background']).default(usualPrompt),
    products: z.array(picture).min(1, 'Expected at least one product'),
    backgrounds: z.array(picture).min(1, 'Expected at least one background'),
    max: z.int().min(1).nullish(),
  })
  .superRefine(uniqueNames('products', 'backgrounds'))
  .transform(
    (spec): CompositionSpec => ({
      ...readBatchFields(spec),
      organize: spec.organize ?? '{product}/{index:04}-{product}-{background}',
      prompt: spec.prompt,
      products: spec.products,
      backgrounds: spec.backgrounds,
      max: spec.max ?? null,
    }),
  );

/** Products in front of backgrounds. */
export const compositionsWorkflow: GridWorkflow<CompositionSpec, CompositionFields> = {
  read: readCompositionSpec,
  defaultModel: 'google/nano-banana',
  gridOf: compositionGrid,
  run: runCompositions,
};
