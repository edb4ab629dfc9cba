import { z } from 'zod';
import type { GridSpec } from './GridSpec.ts';
import { gridAxes } from './gridAxes.ts';
import type { NamedValue } from './gridAxis.ts';
import { gridFaults } from './gridFaults.ts';
import { promptTemplate } from './promptTemplate.ts';
import { readBatchFields } from './readBatchFields.ts';
import { specFields } from './specFields.ts';
import { specText } from './specText.ts';

const axisName = z.string().regex(/^[a-z]\w*$/i, 'Expected letters, digits and _, beginning with a letter');

const axisValue = z.union([
  z
    .union([z.string(), z.number(), z.boolean(), z.array(z.json())])
    .transform((value): NamedValue => ({ name: null, value })),
  z.strictObject({ name: specText, value: z.json() }),
]);

const axisLists = z.record(axisName, z.array(axisValue).min(1, 'Expected at least one value')).nullish();

/** The shape of a grid's file. Strict: a key that is not here is a mistake, not an extra. */
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
