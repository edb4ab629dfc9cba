import type { Observable } from 'rxjs';
import { z } from 'zod';
import { specText } from '../../renditions/fields.ts';
import { pictureInput, strengthInput } from '../../sources/modelInputs/pictureInput.ts';
import type { JobContext } from '../../sources/planning/jobContext.ts';
import type { PlanJobsConfig } from '../../sources/planning/planJobs.ts';
import { type BatchSpec, namedPrompt, readBatchFields, specFields } from '../../sources/specs/batchSpec.ts';
import { promptTemplate, specPrompt } from '../../sources/specs/promptTemplate.ts';
import { readBatchSpec } from '../../sources/specs/readSpec.ts';
import type { ModelSchema } from '../../types.ts';
import type { FinishedRun } from '../run/results.ts';
import type { RunSettings } from '../run/settings.ts';
import { gridAxes, gridAxis } from './grid/axes.ts';
import type { Grid, GridAxis } from './grid/cells.ts';
import { grid } from './grid/grid.ts';

/** One of the ways in which a picture is to be varied. */
export interface PictureVariation {
  /** Names files and tags. */
  readonly name: string;
  /** Its words in the prompt. */
  readonly prompt: string;
}

/** A picture, and what is to be made of it. */
export interface VariationsSpec extends BatchSpec {
  /** Path, from the spec's folder, or URL. */
  readonly reference: string;
  /** Said of every variation; `{variation}` is its own words, which otherwise follow. */
  readonly prompt: string;
  readonly variations: readonly PictureVariation[];
  /** How far to go from the reference, 0…1: each of these. Empty: as the model does by itself. */
  readonly strengths: readonly number[];
  readonly max: number | null;
}

/**
 * Variations of a picture in their folder: one for each variation, at each strength. The picture is uploaded once. With more
 * variations in the same folder only the new ones are made. Emits once how it ended.
 *
 *     spec: 4 variations   4 jobs, 1 upload
 *     variations           -----(end|)
 *
 * Throws `UsageError` where the model takes no picture; emits what `grid` emits.
 */
export function variations(
  spec: VariationsSpec,
  contexts: readonly JobContext[],
  settings: RunSettings & PlanJobsConfig,
): Observable<FinishedRun> {
  return grid(variationsGrid(spec, contexts), contexts, settings);
}

/**
 * Variations of a picture as a grid: the variations, how far they go where there are several strengths, and the alternatives
 * of the prompt. The picture is given by the input that the model has for it. Throws `UsageError` where it has none.
 */
export function variationsGrid(spec: VariationsSpec, contexts: readonly JobContext[]): Grid {
  const schema = contexts[0]?.schema ?? null;
  const { strengths, reference, renditions, max } = spec;
  const prompt = /\{variation\}/.test(spec.prompt) ? spec.prompt : `${spec.prompt}, {variation}`;
  const picture = pictureInput(schema, 1);
  const [strength] = strengths;
  const always = strength === undefined || strengths.length > 1 ? {} : { [strengthInput(schema)]: strength };
  return {
    prompt: promptTemplate(prompt).prompt,
    input: { [picture.name]: picture.valueOf(reference), ...always, ...spec.input },
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

/** Reads a spec of variations from a YAML or JSON file. Rejects with `UsageError` as `readBatchSpec` does. */
export function readVariationsSpec(path: string): Promise<VariationsSpec> {
  return readBatchSpec(path, variationsSpecSchema, { what: 'spec of variations' });
}

const strength = z.number().min(0).max(1);

/** The shape of a file of variations. Strict: a key that is not here is a mistake, not an extra. */
const variationsSpecSchema = z
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
