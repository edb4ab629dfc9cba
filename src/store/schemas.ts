import { z } from 'zod';
import type { ImageFile, OutcomeError, Prediction, PredictionRequest } from '../types.ts';

/** An error as it is stored on disk. */
const storedErrorSchema = z.object({
  name: z.string(),
  code: z.string(),
  message: z.string(),
  recoverable: z.boolean(),
  suggestion: z.string(),
}) satisfies z.ZodType<OutcomeError>;

/** A file as it is stored on disk. */
export const imageFileSchema = z.object({
  path: z.string(),
  bytes: z.number(),
  sha256: z.string(),
  format: z.string(),
  widthPx: z.number().nullable(),
  heightPx: z.number().nullable(),
  untouched: z.object({ path: z.string(), bytes: z.number(), sha256: z.string() }).exactOptional(),
  output: z.int().nonnegative().exactOptional(),
  refused: storedErrorSchema.exactOptional(),
}) satisfies z.ZodType<ImageFile>;

const jsonRecord = z.record(z.string(), z.json());

/** A prediction as it is stored on disk. */
export const predictionSchema = z.object({
  id: z.string(),
  model: z.string(),
  version: z.string().nullable(),
  status: z.enum(['unknown', 'starting', 'processing', 'succeeded', 'failed', 'canceled', 'aborted']),
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

/** A request as it is stored on disk. */
export const predictionRequestSchema = z.object({
  model: z.string(),
  version: z.string().nullable(),
  input: z.record(z.string(), z.json()),
}) satisfies z.ZodType<PredictionRequest>;

/** Creates the schema of a text column that contains JSON. */
function jsonText<T extends z.ZodType>(schema: T) {
  return z
    .string()
    .transform((text) => JSON.parse(text))
    .pipe(schema);
}

/** The states of a job in the journal. */
export const jobStates = [
  'intended',
  'created',
  'ended',
  'downloaded',
  'saved',
  'failed',
  'skipped',
] as const;

/** A row of the journal's table `job`. */
export const jobRowSchema = z.object({
  id: z.int(),
  job_index: z.int().nullable(),
  key: z.string(),
  state: z.enum(jobStates),
  attempts: z.int(),
  intended_at_ms: z.int().nullable(),
  cancel_after_ms: z.int().nullable(),
  prediction_id: z.string().nullable(),
  request: jsonText(predictionRequestSchema).nullable(),
  prediction: jsonText(predictionSchema).nullable(),
  files: jsonText(z.array(imageFileSchema)),
  cost_micro_usd: z.int(),
  open_micro_usd: z.int().nullable(),
  paid_micro_usd: z.int(),
});
