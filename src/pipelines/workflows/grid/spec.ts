import { z } from 'zod';
import { EXPECTED_MODEL, MODEL_REFERENCE } from '../../../base/modelName.ts';
import { nearestName, type SpecProblem } from '../../../base/suggest.ts';
import { UsageError } from '../../../errors.ts';
import { specText } from '../../../renditions/fields.ts';
import {
  type BatchSpec,
  readBatchFields,
  type SpecFields,
  specFields,
} from '../../../sources/specs/batchSpec.ts';
import { promptTemplate } from '../../../sources/specs/promptTemplate.ts';
import { readBatchSpec, type SpecFilesConfig } from '../../../sources/specs/readSpec.ts';
import type { Json } from '../../../types.ts';
import { gridAxes, type NamedValue, type VaryingFields } from './axes.ts';
import type { Grid } from './cells.ts';

/** A grid spec: a grid, and the fields that all specs share. */
export interface GridSpec extends BatchSpec, Grid {}

/** A value of an axis, and a name for folders and tags if it has one. */
export type AxisValue =
  | string
  | number
  | boolean
  | readonly Json[]
  | { readonly name: string; readonly value: Json };

/** A grid as its file has it. */
export interface GridFields extends SpecFields {
  /** Template with `{placeholders}`, and alternatives: `{red|green}`. Default `{prompt}`. */
  readonly prompt?: string | null;
  /** Values by axis: placeholders of the prompt, model inputs, or `model`. */
  readonly axes?: Readonly<Record<string, readonly AxisValue[]>> | null;
  /** Lists of the same length that vary together. */
  readonly zip?: Readonly<Record<string, readonly AxisValue[]>> | null;
  /** Images at most. Default 10,000. */
  readonly max?: number | null;
}

/**
 * Reads a grid spec from a YAML or JSON file, or from an object. Rejects with `UsageError` as
 * `readBatchSpec` does.
 */
export function readGridSpec(
  source: string | GridFields,
  { allowFiles = [] }: SpecFilesConfig = {},
): Promise<GridSpec> {
  return readBatchSpec(source, gridSpecSchema, { what: 'grid spec', allowFiles });
}

const axisName = z.string().regex(/^[a-z]\w*$/i, 'Expected letters, digits and _, beginning with a letter');

const axisValue = z.union([
  z
    .union([z.string(), z.number(), z.boolean(), z.array(z.json())])
    .transform((value): NamedValue => ({ name: null, value })),
  z.strictObject({ name: specText, value: z.json() }),
]);

const axisLists = z.record(axisName, z.array(axisValue).min(1, 'Expected at least one value')).nullish();

/** The schema of a grid's file. Strict: unknown keys are mistakes. */
export const gridSpecSchema = z
  .strictObject({
    ...specFields,
    prompt: specText.nullish(),
    axes: axisLists,
    zip: axisLists,
    max: z.int().min(1).nullish(),
  })
  .superRefine((fields, context) => {
    for (const { path, message } of gridFaults(fields)) {
      context.addIssue({ code: 'custom', path: [...path], message });
    }
  })
  .transform((fields): GridSpec => {
    return {
      ...readBatchFields(fields),
      prompt: promptTemplate(fields.prompt ?? '{prompt}').prompt,
      axes: gridAxes(fields),
      max: fields.max ?? null,
    };
  });

/**
 * Returns all mistakes in the varying parts of a spec, with their paths. Checks against the model
 * come later.
 */
function gridFaults(fields: VaryingFields): SpecProblem[] {
  const { prompt, axes, zip } = fields;
  const whole = [
    ...faultsOf(['prompt'], () => promptTemplate(prompt ?? '{prompt}')),
    ...listsOf(fields).flatMap(({ path, name, values }) =>
      // Each list is checked alone, with the prompt, so that a fault is reported at its path.
      faultsOf(path, () => gridAxes({ prompt, axes: { [name]: values } })),
    ),
  ];
  if (whole.length > 0) return whole;
  return [
    ...faultsOf(['zip'], () => gridAxes({ prompt, axes, zip })),
    ...misplaced(fields),
    ...models(fields),
  ];
}

function listsOf({ axes, zip }: VaryingFields) {
  return Object.entries({ axes: axes ?? {}, zip: zip ?? {} }).flatMap(([key, lists]) =>
    Object.entries(lists).map(([name, values]) => ({ path: [key, name], name, values })),
  );
}

function faultsOf(path: readonly PropertyKey[], read: () => unknown): SpecProblem[] {
  try {
    read();
    return [];
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return [{ path, message: error.message }];
  }
}

/** Returns the names that have no list, and those that have two. */
function misplaced(fields: VaryingFields): SpecProblem[] {
  const lists = listsOf(fields);
  const { placeholders, variants } = promptTemplate(fields.prompt ?? '{prompt}');
  const inPrompt = variants.map(({ name }) => name);
  const known = [...lists.map(({ name }) => name), ...inPrompt];
  const missing = placeholders.filter((name) => !known.includes(name));
  const twice = lists.filter(({ name, path }) => {
    const isElsewhere = Object.hasOwn(fields.input ?? {}, name) || (name === 'model' && fields.model != null);
    const isZipped = path[0] === 'axes' && Object.hasOwn(fields.zip ?? {}, name);
    return isElsewhere || isZipped || inPrompt.includes(name);
  });
  return [
    ...missing.map((name) => ({ path: ['prompt'], message: withoutList(name, fields.prompt, known) })),
    ...twice.map(({ name, path }) => ({
      path,
      message: `\`${name}\` is given twice in the spec; remove one of the two`,
    })),
  ];
}

function withoutList(name: string, prompt: VaryingFields['prompt'], known: readonly string[]): string {
  if (prompt == null) return 'Expected a prompt, or a list of prompts under axes: prompt:';
  const alike = known.filter((each) => each.slice(0, 2) === name.slice(0, 2));
  const meant = nearestName(name, known) ?? (alike.length === 1 ? alike[0] : null) ?? null;
  const hint = meant === null ? '' : `; did you mean {${meant}}?`;
  return `Expected a list under axes: for each placeholder, got none for {${name}}${hint}`;
}

function models(fields: VaryingFields): SpecProblem[] {
  return listsOf(fields)
    .filter(({ name }) => name === 'model')
    .flatMap(({ path, values }) =>
      values.flatMap(({ value }, index) =>
        typeof value === 'string' && MODEL_REFERENCE.test(value)
          ? []
          : [
              {
                path: [...path, index],
                message: `Expected ${EXPECTED_MODEL}, got ${JSON.stringify(value)}`,
              },
            ],
      ),
    );
}
