import type { Outcome, OutcomeError, Plan } from '../../src/types.ts';

/** An outcome to report. */
export function outcome(index: number, changes: Partial<Outcome> = {}): Outcome {
  return {
    index,
    key: 'k',
    status: 'saved',
    prompt: `prompt ${index}`,
    model: 'owner/name',
    version: null,
    input: {},
    tags: {},
    predictionId: 'p',
    attempts: 1,
    files: [],
    metrics: {},
    costUsd: 0.003,
    cached: false,
    createdAt: null,
    completedAt: null,
    ...changes,
  };
}

/** The error of a failed job. */
export function outcomeError(changes: Partial<OutcomeError> = {}): OutcomeError {
  return {
    name: 'PredictionError',
    code: 'ERR_PREDICTION',
    message: 'The output was flagged',
    recoverable: false,
    suggestion: 'Change the prompt.',
    ...changes,
  };
}

/** A job that is ready to run. */
export function plan(index: number, changes: Partial<Plan> = {}): Plan {
  return {
    index,
    prompt: `prompt ${index}`,
    model: 'owner/name',
    version: null,
    input: { seed: 7 },
    tags: {},
    renditions: [],
    key: `k${index}`,
    priceMicroUsd: 3_000,
    path: `0001-${index}`,
    ...changes,
  };
}
