import { catchError, type Observable, throwError } from 'rxjs';
import { z } from 'zod';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { ProviderError } from '../../errors.ts';
import type { Prediction, PredictionRequest } from '../../types.ts';
import { unreadableAnswer } from '../http/answerError.ts';
import { createFetchOnce, type FetchOnceConfig } from '../http/fetchOnce.ts';
import { parsePrediction } from '../wire/prediction.ts';

interface CogCallerConfig extends Pick<FetchOnceConfig, 'fetch' | 'now'> {
  /** Without a slash at its end. */
  baseUrl: string;
}

/** One call of a container. */
interface CogCall<T> {
  method: 'GET' | 'POST' | 'PUT';
  path: string;
  body?: unknown;
  timeoutMs: number;
  /** Makes sense of the JSON that came; throws where it cannot. */
  read: (body: unknown, status: number) => T;
}

/** Performs a call on each subscription. */
export type CogCaller = <T>(call: CogCall<T>) => Observable<T>;

/** All places are taken: how long to wait for one, as Cog does not say. */
const BUSY_MS = 1_000;

/** The way to one container: each call is sent once, in its time, and aborted on unsubscribe. */
export function createCogCaller({ baseUrl, ...rest }: CogCallerConfig): CogCaller {
  return ({ method, path, body, timeoutMs, read }) =>
    fromAbortable(async (signal) => {
      const ignore = () => {};
      const send = createFetchOnce({
        ...rest,
        signal,
        timeoutMs,
        headers: body === undefined ? {} : { 'content-type': 'application/json' },
        secret: null,
        onHeaders: ignore,
        onStatus: ignore,
      });
      const response = await send(`${baseUrl}${path}`, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return read(await response.json(), response.status);
    }).pipe(catchError((error: unknown) => throwError(() => cogError(error, method === 'PUT'))));
}

/** Two refusals mean something else than with the hosted service: nothing was begun, and later it may be. */
function cogError(error: unknown, isCreate: boolean): ProviderError {
  if (!(error instanceof ProviderError)) return unreadableAnswer(isCreate, error);
  const { status, message } = error;
  if (status === 409) {
    // As a 429, which is what those who create wait for without end.
    return new ProviderError('ERR_THROTTLED', `${message}: all places of the container are taken`, {
      status: 429,
      retryAfterMs: BUSY_MS,
      recoverable: true,
      suggestion: 'Nothing to do: the run slows down by itself.',
    });
  }
  if (status === 503) {
    return new ProviderError('ERR_NOT_READY', `${message}: the model is not ready`, {
      status,
      recoverable: true,
      suggestion: 'Wait until the model is set up: GET /health-check shows it.',
    });
  }
  return error;
}

const answer = z.looseObject({});

/** Reads a prediction as Cog sends it: without what whoever asked knows anyway. Throws a `ZodError` where it is none. */
export function cogPrediction(
  body: unknown,
  id: string,
  { model, version, input }: PredictionRequest,
): Prediction {
  return { ...parsePrediction({ ...answer.parse(body), id }), model, version, input };
}
