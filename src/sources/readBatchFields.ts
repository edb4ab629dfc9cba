import type { z } from 'zod';
import type { BatchSpec } from './BatchSpec.ts';
import type { specFields } from './specFields.ts';

/** What the fields that all specs share say, with nothing left undefined. */
export function readBatchFields(fields: z.output<z.ZodObject<typeof specFields>>): BatchSpec {
  return {
    name: fields.name ?? null,
    model: fields.model ?? null,
    input: fields.input ?? {},
    renditions: fields.renditions ?? [],
    organize: fields.organize ?? null,
    count: fields.count ?? null,
    seed: fields.seed ?? null,
    budgetUsd: fields.budget ?? null,
    priceUsd: fields.price ?? null,
  };
}
