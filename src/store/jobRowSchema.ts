import { z } from 'zod';
import type { ImageFile, Prediction } from '../types.ts';

const jsonRecord = z.record(z.string(), z.json());

const prediction = z.object({
  id: z.string(),
  model: z.string(),
  version: z.string().nullable(),
  status: z.enum(['starting', 'processing', 'succeeded', 'failed', 'canceled', 'aborted']),
  input: jsonRecord.nullable(),
  output: z.json(),
  outputComplete: z.boolean(),
  error: z.string().nullable(),
  metrics: jsonRecord,
  dataRemoved: z.boolean(),
  createdAt: z.string().nullable(),
  startedAt: z.string().nullable(),
  completedAt: z.string().nullable(),
}) satisfies z.ZodType<Prediction>;

const imageFile = z.object({
  path: z.string(),
  bytes: z.number(),
  sha256: z.string(),
  format: z.string(),
  widthPx: z.number().nullable(),
  heightPx: z.number().nullable(),
}) satisfies z.ZodType<ImageFile>;

/** A text column that holds JSON. */
function jsonText<T extends z.ZodType>(schema: T) {
  return z
    .string()
    .transform((text) => JSON.parse(text))
    .pipe(schema);
}

/** A row of the journal's table `job`. */
export const jobRowSchema = z.object({
  job_index: z.int(),
  key: z.string(),
  state: z.enum(['intended', 'created', 'ended', 'downloaded', 'saved', 'failed', 'skipped']),
  attempts: z.int(),
  intended_at_ms: z.int().nullable(),
  prediction_id: z.string().nullable(),
  prediction: jsonText(prediction).nullable(),
  files: jsonText(z.array(imageFile)),
  cost_micro_usd: z.int(),
  open_micro_usd: z.int().nullable(),
  earlier_micro_usd: z.int(),
  paid_micro_usd: z.int(),
});
