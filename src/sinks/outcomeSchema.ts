import { z } from 'zod';
import type { Outcome } from '../types.ts';

const jsonRecord = z.record(z.string(), z.json());

const outcomeFile = z.object({
  role: z.enum(['original', 'rendition', 'untouched']),
  name: z.string(),
  path: z.string(),
  width: z.number().nullable(),
  height: z.number().nullable(),
  format: z.string(),
  bytes: z.number(),
  sha256: z.string(),
});

const outcomeError = z.object({
  name: z.string(),
  code: z.string(),
  message: z.string(),
  recoverable: z.boolean(),
  suggestion: z.string(),
});

/** An outcome as it is read back from `manifest.jsonl`. */
export const outcomeSchema = z.object({
  index: z.int().nonnegative(),
  key: z.string(),
  status: z.enum(['saved', 'failed', 'skipped']),
  prompt: z.string(),
  model: z.string(),
  version: z.string().nullable(),
  input: jsonRecord,
  tags: z.record(z.string(), z.string()),
  predictionId: z.string().nullable(),
  attempts: z.int().nonnegative(),
  files: z.array(outcomeFile),
  metrics: jsonRecord,
  costUsd: z.number().nullable(),
  cached: z.boolean(),
  createdAt: z.string().nullable(),
  completedAt: z.string().nullable(),
  fallbackLevel: z.int().positive().exactOptional(),
  deliveredTo: z.record(z.string(), z.array(z.string())).exactOptional(),
  error: outcomeError.exactOptional(),
}) satisfies z.ZodType<Outcome>;
