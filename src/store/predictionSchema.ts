import { z } from 'zod';
import type { Prediction } from '../types.ts';

const jsonRecord = z.record(z.string(), z.json());

/** A prediction as it is kept on disk. */
export const predictionSchema = z.object({
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
