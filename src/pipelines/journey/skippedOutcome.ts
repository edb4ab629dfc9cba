import { outcomeError } from '../../base/items/outcomeErrors.ts';
import { truncateDataUrls } from '../../base/modelInput.ts';
import { messageOf } from '../../base/text.ts';
import { option } from '../../errors.ts';
import type { JobRecord, Outcome, OutcomeError, Plan } from '../../types.ts';
import { mayHavePrediction } from './job.ts';
import { named } from './outcomes.ts';

interface SkippedConfig {
  /** False if the run was limited to other jobs. Default true. */
  isChosen?: boolean;
  /** Name of the service. Default: none. */
  service?: string | null;
  /** The error that has ended the run before the job. Default: null, for none. */
  fault?: unknown;
}

/**
 * Returns the outcome of a job that has reached none: the run was stopped before its turn, or has
 * left its prediction to the service. `record` is the job's record in the journal.
 */
export function skippedOutcome(
  plan: Plan,
  record: JobRecord | undefined,
  { isChosen = true, service = null, fault = null }: SkippedConfig = {},
): Outcome {
  const isLeft = record !== undefined && record.key === plan.key && mayHavePrediction(record);
  return {
    index: plan.index,
    key: plan.key,
    status: 'skipped',
    prompt: plan.prompt,
    model: plan.model,
    version: plan.version,
    input: truncateDataUrls(plan.input),
    tags: plan.tags,
    predictionId: isLeft ? record.predictionId : null,
    attempts: isLeft ? record.attempts : 0,
    files: [],
    metrics: {},
    costUsd: 0,
    cached: false,
    createdAt: null,
    completedAt: null,
    ...named(service),
    error: reasonOf(isLeft, isChosen, fault),
  };
}

function reasonOf(isLeft: boolean, isChosen: boolean, fault: unknown): OutcomeError {
  if (isLeft && isChosen && fault !== null) return endedBy(fault);
  if (isLeft) return notCollected;
  return isChosen ? stopped : notChosen;
}

/** The reason of a job that was in flight when an error ended the run. */
function endedBy(fault: unknown): OutcomeError {
  const { suggestion } = outcomeError(fault);
  return {
    ...stopped,
    message: `The run ended before this job had its result: ${messageOf(fault)}`,
    suggestion: `${suggestion} ${stopped.suggestion}`.trim(),
  };
}

const notChosen: OutcomeError = {
  name: 'StoppedError',
  code: 'ERR_NOT_CHOSEN',
  message: 'The run was limited to other jobs.',
  recoverable: true,
  suggestion: `Run the same command without ${option('--only')}.`,
};

const notCollected: OutcomeError = {
  name: 'StoppedError',
  code: 'ERR_NOT_COLLECTED',
  message: 'The prediction was left to the service, which stores its output for an hour after it ends.',
  recoverable: true,
  suggestion: `Run the same command again without ${option('--detach')}, or \`rxposure collect\` (\`runCollect\` in code) on the run folder.`,
};

const stopped: OutcomeError = {
  name: 'StoppedError',
  code: 'ERR_STOPPED',
  message: 'The run was stopped before this job began.',
  recoverable: true,
  suggestion: 'Run the same command again to continue.',
};
