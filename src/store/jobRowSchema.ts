import { z } from 'zod';
import type { PredictionRequest } from '../types.ts';
import { imageFileSchema } from './imageFileSchema.ts';
import { predictionSchema } from './predictionSchema.ts';

const request = z.object({
  model: z.string(),
  version: z.string().nullable(),
  input: z.record(z.string(), z.json()),
}) satisfies z.ZodType<PredictionRequest>;

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
  request: jsonText(request).nullable(),
  prediction: jsonText(predictionSchema).nullable(),
  files: jsonText(z.array(imageFileSchema)),
  cost_micro_usd: z.int(),
  open_micro_usd: z.int().nullable(),
  earlier_micro_usd: z.int(),
  paid_micro_usd: z.int(),
});
