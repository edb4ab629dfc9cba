import type { JobRecord } from '../ports.ts';
import type { Outcome, OutcomeError, Plan } from '../types.ts';
import { withoutLongData } from '../withoutLongData.ts';
import { mayHavePrediction } from './mayHavePrediction.ts';

/**
 * The outcome of a job that has reached none: the run was stopped before its turn, or has left its prediction to the
 * service. `record` is what the journal knows of it; `isChosen` is false
 * where the run was to make other jobs only.
 */
export function skippedOutcome(plan: Plan, record: JobRecord | undefined, isChosen = true): Outcome {
  const isLeft = record !== undefined && record.key === plan.key && mayHavePrediction(record);
  return {
    index: plan.index,
    key: plan.key,
    status: 'skipped',
    prompt: plan.prompt,
    model: plan.model,
    version: plan.version,
    input: withoutLongData(plan.input),
    tags: plan.tags,
    predictionId: isLeft ? record.predictionId : null,
    attempts: isLeft ? record.attempts : 0,
    files: [],
    metrics: {},
    costUsd: 0,
    cached: false,
    createdAt: null,
    completedAt: null,
    error: reasonOf(isLeft, isChosen),
  };
}

function reasonOf(isLeft: boolean, isChosen: boolean): OutcomeError {
  if (isLeft) return notCollected;
  return isChosen ? stopped : notChosen;
}

const notChosen: OutcomeError = {
  name: 'StoppedError',
  code: 'ERR_NOT_CHOSEN',
  message: 'The run was told to make other jobs only.',
  recoverable: true,
  suggestion: 'Run the same command without --only.',
};

const notCollected: OutcomeError = {
  name: 'StoppedError',
  code: 'ERR_NOT_COLLECTED',
  message: 'The prediction was left to the service; its output can be had for an hour after it ends.',
  recoverable: true,
  suggestion: 'Run the same command again, without --detach, or collect.ts on the run folder.',
};

const stopped: OutcomeError = {
  name: 'StoppedError',
  code: 'ERR_STOPPED',
  message: 'The run was stopped before this job began.',
  recoverable: true,
  suggestion: 'Run the same command again to go on.',
};
