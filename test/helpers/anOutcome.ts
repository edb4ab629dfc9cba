import type { Outcome } from '../../src/types.ts';

export function anOutcome(fields: Partial<Outcome> = {}): Outcome {
  return {
    index: 0,
    key: 'a'.repeat(64),
    status: 'saved',
    prompt: 'a cat, "sleeping"\nin the sun ☀️',
    model: 'owner/name',
    version: null,
    input: { prompt: 'a cat', seed: 1 },
    tags: {},
    predictionId: 'p1',
    attempts: 1,
    files: [],
    metrics: { predict_time: 3.2 },
    costUsd: 0.003,
    cached: false,
    createdAt: null,
    completedAt: null,
    ...fields,
  };
}
