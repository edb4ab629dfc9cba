import type { Outcome, Plan } from '../types.ts';

/** The outcome of a job that was never begun, because the run was stopped before its turn. */
export function skippedOutcome(plan: Plan): Outcome {
  return {
    index: plan.index,
    key: plan.key,
    status: 'skipped',
    prompt: plan.prompt,
    model: plan.model,
    version: plan.version,
    input: plan.input,
    tags: plan.tags,
    predictionId: null,
    attempts: 0,
    files: [],
    metrics: {},
    costUsd: 0,
    cached: false,
    createdAt: null,
    completedAt: null,
    error: {
      name: 'StoppedError',
      code: 'ERR_STOPPED',
      message: 'The run was stopped before this job began.',
      recoverable: true,
      suggestion: 'Run the same command again to go on.',
    },
  };
}
