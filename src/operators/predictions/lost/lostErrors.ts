import { withoutStop } from '../../../base/text.ts';
import { option, ProviderError } from '../../../errors.ts';
import type { Prediction } from '../../../types.ts';
import { concernsAllCalls } from '../../internal/outageErrors.ts';
import { isRecoverable } from '../../internal/retryPolicies.ts';
import { contradiction } from '../matching/matchRequest.ts';
import type { Attempt, SentRequest } from './attempt.ts';

/**
 * Returns true if the result of a create request is unknown by its error. After an error that stops
 * the run, the next run looks for its prediction.
 */
export function isLost(error: unknown): error is ProviderError {
  return error instanceof ProviderError && error.tookEffect === 'unknown' && !error.stopsRun;
}

const lost = { tookEffect: 'unknown', recoverable: true } as const;

/**
 * Throws the error of a create request whose response is about another one, and notes the
 * prediction that it names. One may be that of an identical request, according to `other`, from
 * which it differs in its time or in the marks of its attempt; so is one whose data the service has
 * deleted already, as it does an hour after the end.
 */
export function expectOwnResponse(
  attempt: Attempt,
  prediction: Prediction,
  other: 'time' | 'attempt' | null,
): void {
  const shown = prediction.dataRemoved ? 'time' : other;
  const differing = shown ?? contradiction(attempt.request, prediction);
  if (differing === null) return;
  attempt.answeredId = prediction.id;
  throw wrongResponse(differing, attempt, prediction);
}

function wrongResponse(
  differing: 'model' | 'version' | 'prompt' | 'time' | 'attempt',
  { request: { model } }: SentRequest,
  prediction: Prediction,
): ProviderError {
  const got = differing === 'model' ? prediction.model : `another ${differing}`;
  return new ProviderError(
    'ERR_WRONG_RESPONSE',
    `Expected a response about the request sent to ${model}, got one about ${got}`,
    { ...lost, suggestion: 'Check the proxy, if there is one: it mixes up responses.' },
  );
}

/** The error of a create request whose prediction was taken for that of an equal request. */
export function takenByAnother({ id }: Pick<Prediction, 'id'>): ProviderError {
  return new ProviderError('ERR_PREDICTION_TAKEN', `Prediction ${id} belongs to another job`, {
    ...lost,
    suggestion: 'Nothing to do: this job gets the prediction of the other one.',
  });
}

/**
 * The error of a search that has found nothing, and proved nothing. `cause` is that of its last
 * look.
 */
export function uncertain(cause: unknown): ProviderError {
  const why = cause instanceof Error ? ` The list of predictions cannot be read: ${cause.message}.` : '';
  return new ProviderError(
    'ERR_UNCERTAIN',
    `The image may have been made and paid for: the response to its create request was lost, and the list of predictions does not show its prediction yet.${why}`,
    {
      ...lost,
      suggestion: `Run the same command again, ten minutes later at best: it looks again before it makes anything. Or look at https://replicate.com/predictions; ${option('--repay')} makes, and pays for, the image again.`,
      ...(cause === null ? {} : { cause }),
    },
  );
}

/** Returns true for the error of a search that has proved nothing. */
export function isUncertain(error: unknown): error is ProviderError {
  return error instanceof ProviderError && error.code === 'ERR_UNCERTAIN';
}

/**
 * Returns the error of a search whose list cannot be read. That proves nothing about the create
 * request, so it must not look like a refusal.
 */
export function unread(error: unknown): unknown {
  if (!(error instanceof ProviderError)) return isRecoverable(error) ? uncertain(error) : error;
  const { code, recoverable, stopsRun, suggestion } = error;
  if (!concernsAllCalls(error)) return uncertain(error);
  const message = `${withoutStop(error.message)}. The result of a create request is unknown until the list of predictions can be read`;
  return new ProviderError(code, message, {
    recoverable,
    stopsRun,
    suggestion,
    tookEffect: 'unknown',
    cause: error,
  });
}

/**
 * Returns the error of a lost create request that certainly made nothing: the service's own if it
 * sent one, else `ERR_NOT_CREATED`.
 */
export function notMade(error: ProviderError): ProviderError {
  const { code, message, status, suggestion, recoverable } = error;
  if (status !== null) {
    return new ProviderError(code, message, { status, suggestion, recoverable, cause: error });
  }
  return new ProviderError(
    'ERR_NOT_CREATED',
    'The create request was lost on its way: the service has no such prediction.',
    { recoverable: true, suggestion: 'Run the same command again.', cause: error },
  );
}

/**
 * Returns true for the error of a create request that the service ended with a fault of its own, if
 * it certainly made nothing: it was an attempt, and another one may succeed.
 */
export function isFaultOfService(error: unknown): boolean {
  return (
    error instanceof ProviderError &&
    error.tookEffect === 'no' &&
    isLost(error.cause) &&
    error.status !== null
  );
}
