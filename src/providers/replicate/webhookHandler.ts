import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { Observable } from 'rxjs';
import { expectOptions, type OptionRules, optionRules, or } from '../../base/options.ts';
import { createRedact } from '../../base/secrets.ts';
import { UsageError } from '../../errors.ts';
import type { PredictionEvents } from '../../ports.ts';
import type { PredictionEvent } from '../../types.ts';
import { createBodyReader, LONGEST_ID, readEvent, WebhookError } from './webhookBody.ts';
import { createWebhookEvents, expectPublicUrl } from './webhookEvents.ts';
import {
  createWebhookVerifier,
  headerOf,
  type WebhookHeaders,
  type WebhookVerifierConfig,
} from './webhookSecret.ts';

export interface WebhookHandlerConfig extends WebhookVerifierConfig {
  /** Credentials to remove from the content of webhooks, besides the secret. Default: none. */
  secrets?: readonly string[];
  /**
   * Longest body that is accepted. Default 10,000,000: a body has a whole prediction, `data:` URLs
   * included. All bodies that `fetch` is receiving take at most 64 MB.
   */
  maxBytes?: number;
}

const { secret, secrets } = optionRules;

export const handlerRules: OptionRules<WebhookHandlerConfig> = {
  secret: { ...or(secret, secrets.expected, secrets.isRight), isSecret: true },
  secrets,
  maxBytes: optionRules.above0,
  toleranceMs: optionRules.wait,
  now: optionRules.task,
};

/** A report that a handler has received. */
export interface ReceivedEvent extends PredictionEvent {
  /**
   * True if this webhook came before, or its prediction had ended before: `events` does not emit it
   * again. The service repeats a webhook that was not responded to with 2xx, so a repeat may be the
   * second try of a report that your own code failed to take.
   */
  readonly isRepeat: boolean;
}

/** Takes the service's webhooks from a server of your own. */
export interface WebhookHandler {
  /**
   * Responds to a request, as the `fetch` of Hono, Bun, Deno and Next.js: 204 to a genuine webhook,
   * repeats included; otherwise the status of the `WebhookError`, without a body. GET is responded
   * to with `{"status":"ok"}`, and other methods with 405. Needs no `this`. Rejects with
   * `UsageError` if the body was read before.
   */
  readonly fetch: (request: Request) => Promise<Response>;
  /**
   * Returns the report of a webhook that your server has read: for Express, Fastify and others.
   * `rawBody` has the bytes as they came, before any parser; `url` the path with its query. Throws
   * `WebhookError` with the `statusCode` to respond with if the webhook is not genuine, and
   * `UsageError` if the body was parsed. Needs no `this`.
   */
  readonly receive: (headers: WebhookHeaders, rawBody: Uint8Array | string, url?: string) => ReceivedEvent;
  /** Emits each report once; a new subscriber first gets those of the last few seconds. */
  readonly events: Observable<PredictionEvent>;
  /**
   * Returns the same reports as `webhooks` of a run in this process. `publicUrl` is the https
   * address at which the service reaches this handler. Throws `UsageError` if it is no URL.
   */
  readonly predictionEvents: (publicUrl: string) => PredictionEvents;
}

/**
 * Creates a handler of the service's webhooks for a server of your own; `createWebhookReceiver` is
 * a server of its own.
 *
 *     const hooks = webhookHandler({ secret: await lastValueFrom(fetchWebhookSecret({ token })) });
 *     app.post('/hooks', (context) => hooks.fetch(context.req.raw));        // Hono
 *     run({ webhooks: hooks.predictionEvents('https://studio.example/hooks') });
 *
 *     webhooks   -a-a-X-b-a-    the second a is a repeat, X is forged, the last a comes after its end
 *     responses  204, 204, 401, 204, 204
 *     events     -a-----b---
 *
 * A webhook is genuine if a signature fits one of the secrets and its time is within `toleranceMs`.
 * The type that it declares does not matter. Throws `UsageError` for a malformed secret,
 * and for a name that no option has; a RangeError if another option is invalid.
 */
export function webhookHandler(config: WebhookHandlerConfig): WebhookHandler {
  expectOptions(config, handlerRules);
  const { secret, secrets = [], maxBytes = 10_000_000 } = config;
  const verifier = createWebhookVerifier(config);
  const redact = createRedact([secret, ...secrets].flat());
  const readBody = createBodyReader(maxBytes);
  const { events, add } = createWebhookEvents();
  const expectPlausible = (headers: WebhookHeaders) => {
    const id = String(headerOf(headers, 'webhook-id'));
    if (id.length > LONGEST_ID || !verifier.isPlausible(headers)) throw new WebhookError(401);
  };
  /** Takes a body that was found genuine. */
  const take = (headers: WebhookHeaders, body: Buffer, url: string): ReceivedEvent => {
    const event = readEvent(body, url, redact);
    if (event === null) throw new WebhookError(400);
    const isNews = add({ id: String(headerOf(headers, 'webhook-id')), event, bytes: body.length });
    return { ...event, isRepeat: !isNews };
  };
  const takeRequest = async ({ headers, body, url }: Request): Promise<void> => {
    expectPlausible(headers);
    const stream = body === null ? Readable.from([]) : Readable.fromWeb(body as ReadableStream);
    try {
      const declaredBytes = Number(headers.get('content-length') ?? 0);
      take(headers, await readBody(stream, declaredBytes, verifier.check(headers)), url);
    } finally {
      // The rest of a refused body is not wanted.
      stream.destroy();
    }
  };
  return {
    async fetch(request) {
      if (request.method === 'GET') return Response.json({ status: 'ok' });
      if (request.method !== 'POST')
        return new Response(null, { status: 405, headers: { allow: 'GET, POST' } });
      if (request.bodyUsed || request.body?.locked === true) throw parsedBody('a body that was read before');
      return takeRequest(request).then(
        () => new Response(null, { status: 204 }),
        (error: unknown) => refusal(error),
      );
    },
    receive(headers, rawBody, url = '/') {
      const body = bytesOf(rawBody);
      if (body.length > maxBytes) throw new WebhookError(413);
      expectPlausible(headers);
      if (!verifier.isGenuine(headers, body)) throw new WebhookError(401);
      return take(headers, body, url);
    },
    events,
    predictionEvents(publicUrl) {
      expectPublicUrl(publicUrl);
      return { url: publicUrl, events };
    },
  };
}

/** Anything but a refusal is a body that broke off: the response reaches no one. */
function refusal(error: unknown): Response {
  return new Response(null, { status: error instanceof WebhookError ? error.statusCode : 400 });
}

function bytesOf(rawBody: unknown): Buffer {
  if (typeof rawBody === 'string') return Buffer.from(rawBody);
  if (!(rawBody instanceof Uint8Array)) throw parsedBody(rawBody === undefined ? 'none' : 'a parsed one');
  return Buffer.from(rawBody.buffer, rawBody.byteOffset, rawBody.byteLength);
}

function parsedBody(got: string): UsageError {
  return new UsageError(`Expected the raw body of the webhook, got ${got}`, {
    suggestion:
      "Take the bytes before a parser does: express.raw({ type: '*/*' }) in Express, addContentTypeParser in Fastify.",
  });
}
