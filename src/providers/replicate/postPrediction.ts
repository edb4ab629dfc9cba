import { catchError, defer, type Observable, throwError } from 'rxjs';
import { ProviderError, UsageError } from '../../errors.ts';
import type { CreateLimits, CreateOptions, Provider } from '../../ports.ts';
import type { Prediction, PredictionRequest } from '../../types.ts';
import { parsePrediction } from '../wire/prediction.ts';
import type { Caller } from './caller.ts';
import type { ModelRoutes } from './models.ts';

/** The service holds an answer back for a minute at most. */
const LONGEST_WAIT_S = 60;

/** The call that costs money. By version where one is asked for or the model has no route by name, else by name. */
export function postPrediction(call: Caller, routes: ModelRoutes): Provider['createPrediction'] {
  return (request, options) =>
    defer(() => {
      const version = request.version ?? routes.versionToRun(request.model);
      return post(call, request, version, options).pipe(
        catchError((error: unknown) => {
          const other = version === null && isUnknown(error) ? routes.learnRefusal(request.model) : null;
          return other === null ? throwError(() => error) : post(call, request, other, options);
        }),
      );
    });
}

/** A 404 has certainly made nothing, so the other route may be tried. */
function isUnknown(error: unknown): boolean {
  return error instanceof ProviderError && error.status === 404;
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
  const target = version === null ? { model: urlPath(model) } : { version };
  return call({
    isCreate: true,
    headers: cancelAfterHeader(options),
    waitMs: waitS * 1_000,
    onHeaders: (headers) => {
      const limits = readLimits(headers);
      if (limits !== null) options.onLimits?.(limits);
    },
    ask: (client, signal) =>
      client.predictions.create({
        ...target,
        ...webhook,
        input,
        signal,
        ...(isWaiting ? { wait: waitS } : {}),
      }),
    // 202 says that outputs are still to come: those that are there already may not be all.
    read: (body, status) => parsePrediction(body, { hasWholeOutput: isWaiting && status !== 202 }),
  });
}

/** Only the end is asked for: it is what anybody waits for, and the one webhook that the service tries again. */
function webhookFields({ webhookUrl }: CreateOptions) {
  if (webhookUrl === undefined) return {};
  // The client would throw, and that would look like a create of unknown outcome.
  if (!URL.canParse(webhookUrl)) {
    throw new UsageError(`Expected \`webhookUrl\` to be a URL, got ${JSON.stringify(webhookUrl)}`);
  }
  return { webhook: webhookUrl, webhook_events_filter: ['completed' as const] };
}

function urlPath(model: string): string {
  return model.split('/').map(encodeURIComponent).join('/');
}

/** The shortest life of a prediction that the service takes. */
const SHORTEST_LIFE_S = 5;

/** The header by which the service ends a prediction by itself, should everybody forget it. The client has no option for it. */
function cancelAfterHeader({ cancelAfterMs }: CreateOptions): Record<string, string> {
  if (cancelAfterMs === undefined) return {};
  return { 'Cancel-After': `${Math.max(SHORTEST_LIFE_S, Math.ceil(cancelAfterMs / 1_000))}s` };
}

/** More than anybody may create, or would wait for: such numbers are something else (a date, say). */
const MOST_REMAINING = 1_000_000;
const LONGEST_RESET_S = 3_600;

/**
 * The limits that the headers of an answer name: `ratelimit-remaining`, and `ratelimit-reset`, which is the time until the
 * bucket is full again in whole seconds. Null where they name none, or none that can be true.
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
