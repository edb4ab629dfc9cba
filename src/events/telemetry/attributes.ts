import type { Attributes } from '@opentelemetry/api';
import { toMicroUsd } from '../../base/text.ts';
import type { Outcome, PredictionStatus } from '../../types.ts';
import type { EventOf } from '../observeRun.ts';

/**
 * Names of attributes. Those of generative AI and of errors are OpenTelemetry's semantic
 * conventions; the others begin with `rxposure.`.
 */
export const attributes = {
  errorType: 'error.type',
  inputMessages: 'gen_ai.input.messages',
  operation: 'gen_ai.operation.name',
  outputType: 'gen_ai.output.type',
  provider: 'gen_ai.provider.name',
  requestModel: 'gen_ai.request.model',
  responseId: 'gen_ai.response.id',
  alreadySaved: 'rxposure.run.already_saved',
  attempt: 'rxposure.attempt',
  attempts: 'rxposure.job.attempts',
  bytes: 'rxposure.bytes',
  cached: 'rxposure.job.cached',
  concurrency: 'rxposure.run.concurrency',
  costMicroUsd: 'rxposure.cost.micro_usd',
  failed: 'rxposure.run.failed',
  index: 'rxposure.job.index',
  jobs: 'rxposure.run.jobs',
  message: 'rxposure.message',
  saved: 'rxposure.run.saved',
  skipped: 'rxposure.run.skipped',
  status: 'rxposure.job.status',
  waitMs: 'rxposure.wait_ms',
} as const;

/** The conventions' name for making images from texts. */
export const OPERATION = 'generate_content';

/** Describes an attempt; has its prompt only if `includePrompts` is true. */
export function attemptAttributes(
  { model, attempt, prompt }: EventOf<'prediction.creating'>,
  includePrompts: boolean,
): Attributes {
  return {
    [attributes.requestModel]: model,
    [attributes.attempt]: attempt,
    ...(includePrompts ? { [attributes.inputMessages]: messagesOf(prompt) } : {}),
  };
}

/** Describes the end of a job. */
export function outcomeAttributes(outcome: Outcome): Attributes {
  const { status, model, attempts, cached, costUsd, predictionId } = outcome;
  return {
    [attributes.status]: status,
    [attributes.requestModel]: model,
    [attributes.attempts]: attempts,
    [attributes.cached]: cached,
    ...(predictionId === null ? {} : { [attributes.responseId]: predictionId }),
    ...(costUsd === null ? {} : { [attributes.costMicroUsd]: toMicroUsd(costUsd) }),
  };
}

/**
 * Returns the code of a failed job's error; null if nothing went wrong: a skipped job was not
 * tried.
 */
export function errorTypeOf({ status, error }: Outcome): string | null {
  return status === 'failed' ? (error?.code ?? '_OTHER') : null;
}

/** Formats a prompt by the conventions: spans take it as JSON. */
function messagesOf(prompt: string): string {
  return JSON.stringify([{ role: 'user', parts: [{ type: 'text', content: prompt }] }]);
}

/**
 * Returns the error type of a completed prediction, null if it has its output. The output may come
 * before the service counts the prediction as succeeded.
 */
export function endedAs(status: PredictionStatus): PredictionStatus | null {
  return status === 'succeeded' || status === 'processing' ? null : status;
}
