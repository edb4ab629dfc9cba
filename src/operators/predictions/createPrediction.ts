import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  finalize,
  ignoreElements,
  map,
  mergeMap,
  type Observable,
  type OperatorFunction,
  of,
  retry,
  type SchedulerLike,
  tap,
  throwError,
  timer,
} from 'rxjs';
import { monotonicScheduler, wallNow } from '../../base/monotonicScheduler.ts';
import { ProviderError } from '../../errors.ts';
import type { CreateTicket, Governor, Provider } from '../../ports.ts';
import type { CreateLimits, CreateOptions, Prediction, PredictionRequest } from '../../types.ts';
import { retryPolicies } from '../internal/retryPolicies.ts';
import { adoptPrediction, type ClaimedIds, createClaimedIds } from './adoptPrediction.ts';

export interface CreatePredictionConfig extends Partial<Omit<CreateOptions, 'onLimits'>> {
  /** Lets create requests pass at the pace that the service allows; one for all of a run. */
  governor: Governor;
  /**
   * Prediction ids that this run has claimed; one for all jobs. Default: a new record, for a single
   * pipe.
   */
  claims?: ClaimedIds;
  /**
   * Turns a request into the one to send, once before each POST: uploads its files, for example.
   * Default: sends it unchanged.
   */
  prepare?: (request: PredictionRequest) => Observable<PredictionRequest>;
  /**
   * Runs before each POST with the request to send; the POST is sent when it completes. Record the
   * intent here. Default: no-op.
   */
  beforeSend?: (request: PredictionRequest) => Observable<unknown>;
  /**
   * Called for each refusal of a request as too fast, with the wait that the service named.
   * Default: no-op.
   */
  onThrottled?: (waitMs: number | null) => void;
  /**
   * Tries after the first one, for a create request that certainly made nothing (no connection, or
   * lost and not in the list). Default 8.
   */
  retries?: number;
  /** Wait before the first of these retries; doubles with each one, up to 30 s. Default 1000. */
  delayMs?: number;
  /** Clock of the waits. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

/**
 * Creates one prediction for each request, and never two.
 *
 *     request                        (r|)
 *     the service responds in 3 ms   ---(p|)
 *     429, retry after 5 ms          -----x---(p|)   x: sent again, no attempt counted
 *     connection lost, was made      ---?(p|)        ?: found in the list, not sent again
 *
 * A create request is sent again only if the service certainly did not accept it: it refused with
 * 429, no connection was made, or the response was lost and three looks at the list of predictions
 * did not find it. Every other response outside 2xx is emitted as its `ProviderError`. If the
 * response was lost and the list cannot be read either, the error has `tookEffect: 'unknown'`.
 */
export function createPrediction(
  provider: Provider,
  config: CreatePredictionConfig,
): OperatorFunction<PredictionRequest, Prediction> {
  const { claims = createClaimedIds() } = config;
  return mergeMap((request) => createOnce(provider, request, { ...config, claims }));
}

function createOnce(
  provider: Provider,
  request: PredictionRequest,
  config: CreatePredictionConfig & { claims: ClaimedIds },
): Observable<Prediction> {
  const { governor, claims, prepare = (asIs) => of(asIs) } = config;
  const { beforeSend = () => EMPTY, scheduler = monotonicScheduler } = config;
  const sendOnce = (ticket: CreateTicket, sent: PredictionRequest) => {
    const sinceMs = wallNow(scheduler);
    const adopt = (lost?: unknown) =>
      adoptPrediction(provider, sent, { sinceMs, claims, scheduler }).pipe(
        catchError((error: unknown) => throwError(() => stillUnknown(error))),
        map((adopted) => adopted ?? throwNotMade(lost)),
      );
    return afterCompletion(beforeSend(sent), () => send(provider, sent, { ...config, ticket })).pipe(
      // Another job with an identical request may have adopted our prediction while the response
      // was on its way: then its own is left for us.
      concatMap((prediction) => (claims.take(prediction.id) ? of(prediction) : adopt())),
      catchError((error: unknown) => (isLost(error) ? adopt(error) : throwError(() => error))),
    );
  };
  let wasRefused = false;
  const attempt = (ticket: CreateTicket) =>
    prepare(request).pipe(
      concatMap((sent) => sendOnce(ticket, sent)),
      finalize(() => ticket.over?.()),
    );
  return defer(() => governor.admit(wasRefused)).pipe(
    concatMap(attempt),
    tap({
      error: (error: unknown) => {
        wasRefused = isTooFast(error);
      },
    }),
    retryCertainRefusals(config),
  );
}

/** Sends one POST, and reports the response to the governor. */
function send(
  provider: Provider,
  request: PredictionRequest,
  config: CreatePredictionConfig & { ticket: CreateTicket },
): Observable<Prediction> {
  const { ticket, waitMs = 60_000, cancelAfterMs, webhookUrl } = config;
  let limits: CreateLimits | null = null;
  const options: CreateOptions = {
    waitMs,
    ...(cancelAfterMs === undefined ? {} : { cancelAfterMs }),
    ...(webhookUrl === undefined ? {} : { webhookUrl }),
    onLimits: (named) => {
      limits = named;
    },
  };
  return provider.createPrediction(request, options).pipe(
    tap({
      next: () => ticket.accepted(limits),
      error: (error: unknown) => {
        if (isTooFast(error)) ticket.refused(error.retryAfterMs);
      },
    }),
  );
}

/**
 * Retries without end if the service only asks to wait, and a few times if there is no connection.
 */
function retryCertainRefusals(config: CreatePredictionConfig) {
  const policy = retryPolicies.create;
  const {
    retries = policy.retries,
    delayMs = policy.delayMs,
    onThrottled,
    scheduler = monotonicScheduler,
  } = config;
  let failures = 0;
  return retry<Prediction>({
    delay: (error: unknown) => {
      if (isTooFast(error)) {
        onThrottled?.(error.retryAfterMs);
        return timer(0, scheduler);
      }
      failures += 1;
      const isWorthIt = error instanceof ProviderError && error.tookEffect === 'no' && error.recoverable;
      if (!isWorthIt || failures > retries) throw error;
      return timer(Math.min(policy.maxDelayMs, delayMs * 2 ** (failures - 1)), scheduler);
    },
  });
}

function afterCompletion<T>(first: Observable<unknown>, then: () => Observable<T>): Observable<T> {
  return concat(first.pipe(ignoreElements()), defer(then));
}

function isTooFast(error: unknown): error is ProviderError {
  return error instanceof ProviderError && error.status === 429;
}

/**
 * Returns true if the prediction may exist. After an error that stops the run, the next run looks
 * for it.
 */
function isLost(error: unknown): boolean {
  return error instanceof ProviderError && error.tookEffect === 'unknown' && !error.stopsRun;
}

/**
 * Wraps an error of the list, which says nothing of the create request: it must not look like a
 * refusal.
 */
function stillUnknown(error: unknown): unknown {
  if (!(error instanceof ProviderError)) return error;
  const { code, recoverable, stopsRun, suggestion } = error;
  const message = `The result of a create request is unknown, because the list of predictions cannot be read. ${error.message}`;
  return new ProviderError(code, message, {
    recoverable,
    stopsRun,
    suggestion,
    tookEffect: 'unknown',
    cause: error,
  });
}

/** Throws what a create request has failed with that made nothing, as a look at the list shows. */
function throwNotMade(lost: unknown): never {
  if (lost instanceof ProviderError && !lost.recoverable) {
    const { code, message, status, suggestion } = lost;
    throw new ProviderError(code, message, { ...(status === null ? {} : { status }), suggestion });
  }
  throw new ProviderError(
    'ERR_NOT_CREATED',
    'The create request was lost on its way: the service has no such prediction.',
    {
      recoverable: true,
      suggestion: 'Run the same command again.',
    },
  );
}
