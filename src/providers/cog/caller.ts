import { catchError, type Observable, throwError } from 'rxjs';
import { z } from 'zod';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { ProviderError } from '../../errors.ts';
import type { Prediction, PredictionRequest } from '../../types.ts';
import { createFetchOnce, type FetchOnceConfig } from '../http/fetchOnce.ts';
import { unreadableResponse } from '../http/responseError.ts';
import { parsePrediction } from '../wire/prediction.ts';

interface CogCallerConfig extends Pick<FetchOnceConfig, 'fetch' | 'now' | 'redact'> {
  /** Without a trailing slash. */
  baseUrl: string;
  /** Called with the headers of each response. */
  onHeaders: (headers: Headers) => void;
}

/** One call of a container. */
interface CogCall<T> {
  method: 'GET' | 'POST' | 'PUT';
  path: string;
  body?: unknown;
  timeoutMs: number;
  /** Parses the JSON of the response; throws if it cannot. */
  read: (body: unknown, status: number) => T;
}

/** Performs a call on each subscription. */
export type CogCaller = <T>(call: CogCall<T>) => Observable<T>;

/** Wait for a free slot of a busy container, as Cog names none. */
const BUSY_MS = 1_000;

/**
 * Creates the caller of one container. Sends each call once, within its time limit; aborts it on
 * unsubscribe.
 */
export function createCogCaller({ baseUrl, onHeaders, ...rest }: CogCallerConfig): CogCaller {
  return ({ method, path, body, timeoutMs, read }) =>
    fromAbortable(async (signal) => {
      const send = createFetchOnce({
        ...rest,
        signal,
        timeoutMs,
        headers: body === undefined ? {} : { 'content-type': 'application/json' },
        isDirect: true,
        onHeaders,
        onStatus: () => {},
      });
      const response = await send(`${baseUrl}${path}`, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return read(await response.json(), response.status);
    }).pipe(catchError((error: unknown) => throwError(() => cogError(error, method === 'PUT'))));
}

/**
 * Maps the two refusals that mean something else than with the hosted service: nothing was started,
 * but later may be.
 */
function cogError(error: unknown, isCreate: boolean): ProviderError {
  if (!(error instanceof ProviderError)) return unreadableResponse(isCreate, error);
  const { status, message } = error;
  if (status === 409) {
    // As a 429, after which create requests are repeated without limit.
    return new ProviderError('ERR_THROTTLED', `${message}: all slots of the container are taken`, {
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
      suggestion: 'Wait until the model is set up: GET /health-check shows its status.',
    });
  }
  return error;
}

const body = z.looseObject({});

/**
 * Reads a prediction as Cog sends it, without the fields of its request, and adds these. Throws if
 * it is none, or if its status is unknown: a container cannot be asked for it later.
 */
export function cogPrediction(
  received: unknown,
  id: string,
  { model, version = null, input }: PredictionRequest,
): Prediction {
  const prediction = parsePrediction({ ...body.parse(received), id });
  if (prediction.status === 'unknown') throw new TypeError('Expected a status that Cog documents');
  return { ...prediction, model, version, input };
}
