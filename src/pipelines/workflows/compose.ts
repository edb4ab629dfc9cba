import { basename, extname } from 'node:path';
import type { Observable } from 'rxjs';
import { z } from 'zod';
import { specText } from '../../renditions/fields.ts';
import { pictureInput } from '../../sources/modelInputs/pictureInput.ts';
import type { JobContext } from '../../sources/planning/jobContext.ts';
import type { PlanJobsConfig } from '../../sources/planning/planJobs.ts';
import { type BatchSpec, readBatchFields, specFields, uniqueNames } from '../../sources/specs/batchSpec.ts';
import { promptTemplate, specPrompt } from '../../sources/specs/promptTemplate.ts';
import { readBatchSpec } from '../../sources/specs/readSpec.ts';
import type { ModelInput } from '../../types.ts';
import type { FinishedRun } from '../run/results.ts';
import type { RunSettings } from '../run/settings.ts';
import { gridAxes } from './grid/axes.ts';
import type { Grid, GridAxis } from './grid/cells.ts';
import { grid } from './grid/grid.ts';

/** A picture that takes part in compositions. */
export interface CompositionPicture {
  /** Names folders, files and tags. */
  readonly name: string;
  /** Path, from the spec's folder, or URL. */
  readonly image: string;
  /** What the prompt calls it. */
  readonly prompt: string;
}

/** Products, each of which is to be seen before each of some backgrounds. */
export interface CompositionSpec extends BatchSpec {
  /** Template with `{product}` and `{background}`. */
  readonly prompt: string;
  readonly products: readonly CompositionPicture[];
  readonly backgrounds: readonly CompositionPicture[];
  readonly max: number | null;
}

/**
 * Compositions in their folder: each product before each background. Every picture is uploaded once. With more products or
 * backgrounds in the same folder only the new pairs are made. Emits once how it ended.
 *
 *     spec: 3 products, 2 backgrounds   6 jobs, 5 uploads
 *     compose                           -----(end|)
 *
 * Throws `UsageError` where the model takes no two pictures; emits what `grid` emits.
 */
export function compose(
  spec: CompositionSpec,
  contexts: readonly JobContext[],
  settings: RunSettings & PlanJobsConfig,
): Observable<FinishedRun> {
  return grid(compositionGrid(spec, contexts), contexts, settings);
}

const asBackground = 'match_input_image';

/**
 * Compositions as a grid of products and backgrounds: both pictures go into the input that takes several, the product first,
 * and the result has the shape of what went in where the model offers that. Throws `UsageError` where the model takes no
 * two pictures.
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
  place: string,
  pictures: readonly CompositionPicture[],
  inputName: string,
): GridAxis {
  const values = pictures.map(({ name, image, prompt }) => ({
    tags: { [axis]: name },
    words: { [axis]: prompt },
    input: { [inputName]: [image] },
  }));
  return { name: axis, place, values };
}

/** Reads a spec of compositions from a YAML or JSON file. Rejects with `UsageError` as `readBatchSpec` does. */
export function readCompositionSpec(path: string): Promise<CompositionSpec> {
  return readBatchSpec(path, compositionSpecSchema, { what: 'spec of compositions' });
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

/** The shape of a file of compositions. Strict: a key that is not here is a mistake, not an extra. */
const compositionSpecSchema = z
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
