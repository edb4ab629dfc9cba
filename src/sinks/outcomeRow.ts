import type { Outcome } from '../types.ts';

/** An outcome in the columns of a table; what has a shape of its own is JSON. */
export interface OutcomeRow {
  readonly index: number;
  readonly key: string;
  readonly status: string;
  readonly prompt: string;
  readonly model: string;
  readonly version: string | null;
  readonly seed: number | null;
  readonly prediction_id: string | null;
  readonly attempts: number;
  readonly cached: boolean;
  readonly cost_usd: number | null;
  readonly predict_seconds: number | null;
  readonly score: number | null;
  /** Of the first original; likewise the six below. */
  readonly path: string | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly format: string | null;
  readonly bytes: number | null;
  readonly sha256: string | null;
  readonly files: string;
  readonly input: string;
  readonly tags: string;
  readonly created_at: string | null;
  readonly completed_at: string | null;
  readonly error_code: string | null;
  readonly error_message: string | null;
}

/** The row of an outcome. */
export function outcomeRow(outcome: Outcome): OutcomeRow {
  const { index, key, status, prompt, model, version, input, tags, metrics, files, error } = outcome;
  const original = files.find(({ role }) => role === 'original');
  return {
    index,
    key,
    status,
    prompt,
    model,
    version,
    seed: numberOf(input.seed),
    prediction_id: outcome.predictionId,
    attempts: outcome.attempts,
    cached: outcome.cached,
    cost_usd: outcome.costUsd,
    predict_seconds: numberOf(metrics.predict_time),
    score: numberOf(metrics.score),
    path: original?.path ?? null,
    width: original?.width ?? null,
    height: original?.height ?? null,
    format: original?.format ?? null,
    bytes: original?.bytes ?? null,
    sha256: original?.sha256 ?? null,
    files: JSON.stringify(files),
    input: JSON.stringify(input),
    tags: JSON.stringify(tags),
    created_at: outcome.createdAt,
    completed_at: outcome.completedAt,
    error_code: error?.code ?? null,
    error_message: error?.message ?? null,
  };
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
