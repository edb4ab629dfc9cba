import { catchError, concatMap, defer, type Observable, throwError } from 'rxjs';
import { imagesAskedFor } from '../../base/modelInput.ts';
import { isDeployment, ownerAndName } from '../../base/modelName.ts';
import { ProviderError, UsageError } from '../../errors.ts';
import type { Provider } from '../../ports.ts';
import type { CreateLimits, CreateOptions, ModelInput, Prediction, PredictionRequest } from '../../types.ts';
import { LONGEST_RESET_S } from '../http/retryAfterMs.ts';
import { outputUrls } from '../wire/output.ts';
import { parsePrediction } from '../wire/prediction.ts';
import type { Caller } from './caller.ts';
import type { ModelRoutes } from './models.ts';

/** The longest time that the service holds a response back. */
const LONGEST_WAIT_S = 60;

/**
 * Creates `createPrediction`, the call that costs money. Runs by version if one is given or the
 * model has no route by name.
 */
export function postPrediction(call: Caller, routes: ModelRoutes): Provider['createPrediction'] {
  return (request, options) =>
    defer(() => {
      const version = request.version ?? routes.versionToRun(request.model);
      const route = version ?? request.model;
      const otherRoute = (error: ProviderError): Observable<Prediction> => {
        const other = version === null ? routes.learnRefusal(request.model) : null;
        if (other === null) return throwError(() => error);
        return post(call, request, other, options).pipe(routes.follow(other));
      };
      return post(call, request, version, options).pipe(
        routes.follow(route),
        catchError((error: unknown) => {
          if (!isNotFound(error)) return throwError(() => error);
          return routes
            .hasWorked(route)
            .pipe(concatMap((works) => (works ? throwError(() => doubted(error)) : otherRoute(error))));
        }),
      );
    });
}

/**
 * Returns true after a 404 of the service itself: it created nothing, so the other route may be
 * tried.
 */
function isNotFound(error: unknown): error is ProviderError {
  return error instanceof ProviderError && error.status === 404 && error.tookEffect === 'no';
}

/** Returns a 404 of a route that works for others: it proves nothing about this create request. */
function doubted({ code, message, status, suggestion }: ProviderError): ProviderError {
  return new ProviderError(code, `${message}, although other create requests for it were accepted`, {
    ...(status === null ? {} : { status }),
    recoverable: true,
    tookEffect: 'unknown',
    suggestion,
  });
}

function post(
  call: Caller,
  { model, input }: PredictionRequest,
  version: string | null,
  options: CreateOptions,
): Observable<Prediction> {
  const waitS = Math.min(LONGEST_WAIT_S, Math.ceil(options.waitMs / 1_000));
  const isWaiting = waitS > 0;
  const webhook = webhookFields(options);
  return call({
    isCreate: true,
    headers: cancelAfterHeader(options),
    waitMs: waitS * 1_000,
    ...(options.mayStillSend === undefined ? {} : { mayStillSend: options.mayStillSend }),
    onHeaders: (headers) => {
      const limits = readLimits(headers);
      if (limits !== null) options.onLimits?.(limits);
    },
    send: (client, signal) => {
      const order = { ...webhook, input, signal, ...(isWaiting ? { wait: waitS } : {}) };
      const [owner, name] = ownerAndName(model).map(encodeURIComponent);
      if (isDeployment(model)) return client.deployments.predictions.create(`${owner}`, `${name}`, order);
      const target = version === null ? { model: `${owner}/${name}` } : { version };
      return client.predictions.create({ ...target, ...order });
    },
    // 202 means that more outputs may come.
    read: (body, status) => {
      const prediction = parsePrediction(body, { hasWholeOutput: isWaiting && status !== 202 });
      return isPart(prediction, input) ? { ...prediction, outputComplete: false } : prediction;
    },
  });
}

/** Returns true if a prediction still runs, and shows fewer files than were asked for. */
function isPart({ status, output }: Prediction, input: ModelInput): boolean {
  const files = outputUrls(output).length;
  return status === 'processing' && files > 0 && files < imagesAskedFor(input);
}

/**
 * Asks only for the final webhook: the run waits for no other, and it is the one that the service
 * retries.
 */
function webhookFields({ webhookUrl }: CreateOptions) {
  if (webhookUrl === undefined) return {};
  // The client would throw, and that would look like a create request of unknown outcome.
  if (!URL.canParse(webhookUrl)) {
    throw new UsageError(`Expected \`webhookUrl\` to be a URL, got ${JSON.stringify(webhookUrl)}`);
  }
  return { webhook: webhookUrl, webhook_events_filter: ['completed' as const] };
}

/** The shortest life of a prediction that the service accepts. */
const SHORTEST_LIFE_S = 5;

/**
 * Returns the header that makes the service end a forgotten prediction. The client has no option
 * for it.
 */
function cancelAfterHeader({ cancelAfterMs }: CreateOptions): Record<string, string> {
  if (cancelAfterMs === undefined) return {};
  return { 'Cancel-After': `${Math.max(SHORTEST_LIFE_S, Math.ceil(cancelAfterMs / 1_000))}s` };
}

/** Larger numbers cannot be a rate limit: they mean something else. */
const MOST_REMAINING = 1_000_000;

/**
 * Reads the limits in the headers of a response: `ratelimit-remaining`, and `ratelimit-reset`, the
 * time until the bucket is full again in whole seconds. Returns null if they name none, or an
 * impossible one.
 */
export function readLimits(headers: Headers): CreateLimits | null {
  const remaining = wholeNumber(headers.get('ratelimit-remaining'), MOST_REMAINING);
  if (remaining === null) return null;
  const resetS = wholeNumber(headers.get('ratelimit-reset'), LONGEST_RESET_S);
  return { remaining, fullInMs: resetS === null ? null : resetS * 1_000 };
}

function wholeNumber(text: string | null, most: number): number | null {
  const number = /^\d+$/.test(text ?? '') ? Number(text) : Number.NaN;
  return number <= most ? number : null;
}
