import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  finalize,
  ignoreElements,
  map,
  type Observable,
  type ObservableInput,
  of,
  retry,
  type SchedulerLike,
  tap,
  throwError,
  timer,
} from 'rxjs';
import { isRequest } from '../../base/items/checkedRequest.ts';
import { monotonicScheduler, wallNow } from '../../base/monotonicScheduler.ts';
import { ProviderError } from '../../errors.ts';
import type { CreateTicket, Governor, Provider } from '../../ports.ts';
import type { CreateLimits, CreateOptions, Prediction, PredictionRequest } from '../../types.ts';
import { retryPolicies } from '../internal/retryPolicies.ts';
import { oneValueOf, streamOf } from '../internal/userStreams.ts';
import type { Lookout } from './lookout.ts';
import { type Attempt, createAttempt } from './lost/attempt.ts';
import { isLost, notMade } from './lost/lostErrors.ts';

/** How `createPrediction` sends its requests. */
export interface CreateOnceConfig extends Partial<Omit<CreateOptions, 'onLimits'>> {
  /**
   * Lets create requests pass at the pace that the service allows; one for all pipes of a program.
   * Default: a new one with 600 a minute, for a single pipe.
   */
  governor?: Governor;
  /**
   * Finds the predictions of requests whose response was lost; one for all jobs. Default: a new
   * one, for a single pipe.
   */
  lookout?: Lookout;
  /**
   * Emits the prediction of a request whose response was lost. `error` is the reason. Default: the
   * one that the lookout finds, or that of another request if the first one made nothing.
   */
  onLost?: (attempt: Attempt, error: ProviderError) => ObservableInput<Prediction>;
  /**
   * Turns a request into the one to send, once before each POST: uploads its files, for example.
   * Emits one request; if it emits none, the item has failed. Default: sends it unchanged.
   */
  prepare?: (request: PredictionRequest) => ObservableInput<PredictionRequest>;
  /**
   * Runs before each POST with the request to send, and the attempt as the lookout knows it; the
   * POST is sent when it completes. Record the intent here. Default: no-op.
   */
  beforeSend?: (request: PredictionRequest, attempt: Attempt) => ObservableInput<unknown>;
  /** Called as each POST is sent, once `beforeSend` has completed. Default: no-op. */
  onSend?: (attempt: Attempt) => void;
  /**
   * Called for each refusal of a request as too fast, with the wait and the reason that the service
   * named. Default: no-op.
   */
  onThrottled?: (waitMs: number | null, reason: string | null) => void;
  /**
   * Tries after the first one, for a create request that certainly made nothing (no connection, or
   * lost and not in the list). Default 8.
   */
  retries?: number;
  /** Wait before the first of these retries; doubles with each one, up to 30 s. Default 1000. */
  delayMs?: number;
  /**
   * Returns true for an error of a service that is away: the request is sent again a second later,
   * however often, because `governor` admits none until the service is back. Default: never.
   */
  isOutage?: (error: unknown) => boolean;
  /** Clock of the waits. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

/** The same, with the objects that all requests of a pipe share. */
export type SharedConfig = CreateOnceConfig &
  Required<Pick<CreateOnceConfig, 'lookout' | 'governor' | 'scheduler'>>;

/**
 * Creates the prediction of one request, as `createPrediction` does; emits the error if that fails.
 */
export function createOnce(
  provider: Provider,
  request: PredictionRequest,
  config: SharedConfig,
): Observable<Prediction> {
  const { governor, lookout, scheduler, cancelAfterMs = null, webhookUrl = null } = config;
  const { prepare = (asIs) => of(asIs), beforeSend = () => EMPTY, onSend = () => {} } = config;
  const { onLost = (attempt, error) => findOrThrow(attempt, error, lookout) } = config;
  const foundAfter = (attempt: Attempt, error: ProviderError) =>
    oneValueOf(() => onLost(attempt, error), hasId, wrongFound);
  const sendOnce = (ticket: CreateTicket, sent: PredictionRequest) => {
    const attempt = createAttempt({
      request: sent,
      sentAtMs: scheduler.now(),
      wallMs: wallNow(scheduler),
      cancelAfterMs,
      webhookUrl,
    });
    const before = streamOf(() => beforeSend(sent, attempt), wrongBefore);
    return afterCompletion(before, () => {
      attempt.sentAtMs = scheduler.now();
      attempt.wallMs = wallNow(scheduler);
      onSend(attempt);
      return lookout.watch(attempt, send(provider, sent, { ...config, ticket }));
    }).pipe(
      catchError((error: unknown) => (isLost(error) ? foundAfter(attempt, error) : throwError(() => error))),
    );
  };
  const attempt = (ticket: CreateTicket) =>
    oneValueOf(() => prepare(request), isRequest, wrongPrepared).pipe(
      concatMap((sent) => sendOnce(ticket, sent)),
      finalize(() => ticket.over?.()),
    );
  return defer(() => {
    let wasRefused = false;
    return defer(() => governor.admit(wasRefused)).pipe(
      concatMap(attempt),
      tap({
        error: (error: unknown) => {
          wasRefused = isTooFast(error);
        },
      }),
      retryCertainRefusals(config),
    );
  });
}

const wrongPrepared = wrongCallback('prepare', 'to emit the request to send');
const wrongBefore = wrongCallback('beforeSend', 'to return an Observable or a promise');
const wrongFound = wrongCallback('onLost', 'to emit a prediction', 'unknown');

/** Returns the function that makes the error of a function of yours that gives a wrong value. */
function wrongCallback(name: string, expected: string, tookEffect: 'no' | 'unknown' = 'no') {
  return (got: string) =>
    new ProviderError('ERR_FUNCTION_VALUE', `Expected \`${name}\` ${expected}, got ${got}`, {
      tookEffect,
      suggestion: `Correct the function \`${name}\`.`,
    });
}

function hasId(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string';
}

function findOrThrow(attempt: Attempt, error: ProviderError, lookout: Lookout): Observable<Prediction> {
  return lookout.find(attempt).pipe(
    map((prediction) => {
      if (prediction === null) throw notMade(error);
      return prediction;
    }),
  );
}

/** Sends one POST, and reports the response to the governor. */
function send(
  provider: Provider,
  request: PredictionRequest,
  config: CreateOnceConfig & { ticket: CreateTicket },
): Observable<Prediction> {
  const { ticket, waitMs = 60_000, cancelAfterMs, timeoutMs, webhookUrl, mayStillSend } = config;
  let limits: CreateLimits | null = null;
  const options: CreateOptions = {
    waitMs,
    ...(cancelAfterMs === undefined ? {} : { cancelAfterMs }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(webhookUrl === undefined ? {} : { webhookUrl }),
    ...(mayStillSend === undefined ? {} : { mayStillSend }),
    onLimits: (named) => {
      limits = named;
    },
  };
  return provider.createPrediction(request, options).pipe(
    tap({
      next: () => ticket.accepted(limits),
      error: (error: unknown) => {
        if (isTooFast(error)) ticket.refused(error.retryAfterMs, error.reason);
      },
    }),
  );
}

/**
 * Retries without end if the service only asks to wait, or the permission to send had grown too
 * old, and a few times if there is no connection.
 */
function retryCertainRefusals(config: CreateOnceConfig) {
  const policy = retryPolicies.create;
  const {
    retries = policy.retries,
    delayMs = policy.delayMs,
    onThrottled,
    isOutage = () => false,
    scheduler = monotonicScheduler,
  } = config;
  let failures = 0;
  return retry<Prediction>({
    delay: (error: unknown) => {
      if (isTooFast(error)) {
        onThrottled?.(error.retryAfterMs, error.reason);
        return timer(0, scheduler);
      }
      if (isOutage(error)) return timer(policy.delayMs, scheduler);
      if (isNotSent(error)) return timer(delayMs, scheduler);
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

function isNotSent(error: unknown): boolean {
  return error instanceof ProviderError && error.code === 'ERR_NOT_SENT';
}
