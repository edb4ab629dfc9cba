import { anOutcome, aPlan } from '../../src/testing/aPlan.ts';
import type { Outcome, OutcomeError, Plan } from '../../src/types.ts';

/** An outcome to report. */
export function outcome(index: number, changes: Partial<Outcome> = {}): Outcome {
  return anOutcome({
    index,
    key: 'k',
    prompt: `prompt ${index}`,
    input: {},
    predictionId: 'p',
    ...changes,
  });
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
  return aPlan({
    index,
    prompt: `prompt ${index}`,
    input: { seed: 7 },
    key: `k${index}`,
    path: `0001-${index}`,
    ...changes,
  });
}
