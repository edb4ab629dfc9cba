import { z } from 'zod';
import { deploymentName } from '../../base/modelName.ts';
import type { Json, Prediction } from '../../types.ts';

/** Not looked through: bodies are parsed JSON, and some are large. */
const json = z.custom<Json>();
const statuses = ['starting', 'processing', 'succeeded', 'failed', 'canceled', 'aborted'] as const;
/** Treats absent and null alike. */
const text = z.string().nullish().catch(null).transform(orNull);

/**
 * The fields of a prediction that are used; others may come and go, and older records lack newer
 * ones. An id and a status are required. Any other malformed field counts as absent: a paid
 * prediction is not given up for it.
 */
const predictionBody = z.looseObject({
  id: z.string().min(1),
  model: text.transform((name) => name ?? ''),
  /** `owner/name` of the deployment that made it. */
  deployment: text,
  version: text,
  // A new one is no reason to lose sight of a prediction that may be paid.
  status: z.union([
    z.enum(statuses),
    z
      .string()
      .min(1)
      .transform(() => 'unknown' as const),
  ]),
  input: z.record(z.string(), json).nullish().catch(null).transform(orNull),
  output: json.nullish().transform(orNull),
  error: z.unknown().optional().transform(errorText),
  metrics: z
    .record(z.string(), json)
    .nullish()
    .catch(null)
    .transform((metrics) => metrics ?? {}),
  data_removed: z
    .boolean()
    .nullish()
    .catch(null)
    .transform((removed) => removed ?? false),
  created_at: text,
  started_at: text,
  completed_at: text,
  deadline: text,
  webhook: text,
});

export interface ParsePredictionConfig {
  /**
   * True if the output is complete even while the status is `processing`. It is in the response to
   * a create request that waited and did not run out of time. Default false.
   */
  hasWholeOutput?: boolean;
}

/** Reads a prediction as the service sends it. Throws a `ZodError` if it is none. */
export function parsePrediction(body: unknown, config: ParsePredictionConfig = {}): Prediction {
  const { hasWholeOutput = false } = config;
  const { id, model, version, status, input, output, error, metrics, ...rest } = predictionBody.parse(body);
  const isAheadOfStatus = hasWholeOutput && status === 'processing' && output !== null;
  return {
    id,
    // The model of a request to a deployment is its name: it may run other models tomorrow.
    model: rest.deployment === null ? model : deploymentName(rest.deployment),
    version,
    status,
    input,
    output,
    outputComplete: status === 'succeeded' || isAheadOfStatus,
    error,
    metrics,
    dataRemoved: rest.data_removed,
    createdAt: rest.created_at,
    startedAt: rest.started_at,
    completedAt: rest.completed_at,
    ...(rest.deadline === null ? {} : { deadline: rest.deadline }),
    ...(rest.webhook === null ? {} : { webhook: rest.webhook }),
  };
}

function orNull<T>(value: T | null | undefined): T | null {
  return value ?? null;
}

function errorText(error: unknown): string | null {
  if (error === null || error === undefined) return null;
  return typeof error === 'string' ? error : JSON.stringify(error);
}
