import Fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import { Observable, ReplaySubject } from 'rxjs';
import { UsageError } from '../../errors.ts';
import type { PredictionEvents } from '../../ports.ts';
import type { Prediction, PredictionEvent } from '../../types.ts';
import { parsePrediction } from '../wire/prediction.ts';
import { createWebhookVerifier, type WebhookVerifier } from './webhookSecret.ts';

export interface WebhookReceiverConfig {
  /** The signing secret of the account, `whsec_…`: `fetchWebhookSecret` gives it. */
  secret?: string;
  /** True instead of a secret: believes whoever reaches the port, as Cog signs nothing. Default false. */
  unsigned?: boolean;
  /** Where the service reaches this machine: the address of a tunnel or a proxy. Default: the one listened at. */
  publicUrl?: string;
  /** Default 127.0.0.1: only what runs on this machine, such as a tunnel, gets through. */
  host?: string;
  /** Default 0: any free one. */
  port?: number;
  /** Longest body that is read. Default 10,000,000: a body holds a whole prediction, `data:` URLs included. */
  maxBytes?: number;
  /** How far the time of a webhook may be from ours, either way. Default 300,000. */
  toleranceMs?: number;
  /** The local clock, ms since 1970. Default Date.now. */
  now?: () => number;
}

/**
 * How many webhooks and ended predictions are remembered: what comes twice within the tolerance is noticed up to 300 a
 * second, at some 10 MB.
 */
const REMEMBERED = 100_000;

/** A quick prediction may end before the answer to its create is here. More would hold too much where outputs are data. */
const REPLAYED = 100;
const REPLAYED_MS = 5_000;

/**
 * A server for the service's webhooks. Emits itself once it listens, and listens until it is unsubscribed from.
 *
 *     listening           (r             r: { url, events }
 *     webhooks            -a-a-X-b-a-    each a prediction; the second a sent again, X forged, the last one after its end
 *     r.events            -a-----b---
 *     port taken          #
 *
 * Each webhook is answered at once: 204 where it is genuine, also where it comes again, is late or of no more interest;
 * 401, without a word, where a header is missing, the time is not ours or no signature fits; 413 where it is too large.
 *
 * Throws `UsageError` for a wrong option. Emits `UsageError` where it cannot listen.
 */
export function createWebhookReceiver(config: WebhookReceiverConfig): Observable<PredictionEvents> {
  const { publicUrl, host = '127.0.0.1', port = 0, maxBytes = 10_000_000 } = config;
  const verifier = readVerifier(config);
  if (publicUrl !== undefined && !/^https?:$/.test(URL.parse(publicUrl)?.protocol ?? '')) {
    throw new UsageError(
      `Expected \`publicUrl\` to begin with https:// or http://, got ${JSON.stringify(publicUrl)}`,
    );
  }
  return new Observable((subscriber) => {
    const events = new ReplaySubject<PredictionEvent>(REPLAYED, REPLAYED_MS);
    const isNews = createNewsFilter();
    const onWebhook = (id: string | null, event: PredictionEvent) => {
      if (isNews(id, event.prediction)) events.next(event);
    };
    const server = webhookServer({ verifier, maxBytes, onWebhook });
    const listening = server.listen({ host, port });
    listening.then(
      (address) => subscriber.next({ url: publicUrl ?? `${address}/`, events: events.asObservable() }),
      (error: unknown) => subscriber.error(listenError(host, port, error)),
    );
    return () => {
      events.complete();
      // A server that is still on its way to its port cannot be closed yet.
      void listening.catch(() => {}).then(() => server.close());
    };
  });
}

function readVerifier(config: WebhookReceiverConfig): WebhookVerifier | null {
  const { secret, unsigned = false, toleranceMs = 300_000, now = Date.now } = config;
  if (unsigned === (secret !== undefined)) {
    throw new UsageError(`Expected either \`secret\` or \`unsigned\`, got ${unsigned ? 'both' : 'neither'}`);
  }
  return secret === undefined ? null : createWebhookVerifier({ secret, toleranceMs, now });
}

/** Lets a webhook pass that has not come before, of a prediction whose end has not been told. */
function createNewsFilter(): (id: string | null, prediction: Prediction) => boolean {
  const seen = createRecentIds(REMEMBERED);
  const ended = createRecentIds(REMEMBERED);
  return (id, { id: predictionId, status }) => {
    if (id !== null && !seen.add(id)) return false;
    const isFinal = status !== 'starting' && status !== 'processing';
    return isFinal ? ended.add(predictionId) : !ended.has(predictionId);
  };
}

function listenError(host: string, port: number, error: unknown): UsageError {
  const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return new UsageError(`Expected to listen for webhooks on port ${port} of ${host}, got ${reason}`, {
    suggestion: 'Choose another port, or end the program that has it.',
    cause: error,
  });
}

interface WebhookServerConfig {
  /** Null: everybody is believed. */
  verifier: WebhookVerifier | null;
  maxBytes: number;
  /** Told of each webhook that is genuine, after its answer; `id` is null where it has none. */
  onWebhook: (id: string | null, event: PredictionEvent) => void;
}

/** Nobody may hold a connection open for longer without having sent a request. */
const REQUEST_TIMEOUT_MS = 30_000;

/**
 * Takes webhooks by POST at any path, since a tunnel or a proxy may change it, and says `ok` to every GET. Refusals have no
 * body: whoever is refused is told nothing.
 */
function webhookServer({ verifier, maxBytes, onWebhook }: WebhookServerConfig): FastifyInstance {
  const server = Fastify({
    bodyLimit: maxBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: true,
  });
  // As bytes whatever they claim to be: the signature is over these, and only what is signed gets parsed.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  server.setErrorHandler<FastifyError>(({ statusCode = 500 }, _request, reply) =>
    reply.code(statusCode).send(),
  );
  server.setNotFoundHandler((_request, reply) => reply.code(404).send());
  server.get('/*', async () => ({ status: 'ok' }));
  server.post('/*', {
    // Before the body is read: most of what is not from the service ends here.
    onRequest: async ({ headers }, reply) => {
      if (verifier?.isPlausible(headers) === false) return reply.code(401).send();
    },
    handler: async ({ headers, body: received, url }, reply) => {
      const body = Buffer.isBuffer(received) ? received : Buffer.alloc(0);
      if (verifier?.isSigned(headers, body) === false) return reply.code(401).send();
      const event = readEvent(body, url);
      if (event === null) return reply.code(400).send();
      reply.code(204).send();
      const { 'webhook-id': id } = headers;
      onWebhook(typeof id === 'string' ? id : null, event);
      return reply;
    },
  });
  return server;
}

function readEvent(body: Buffer, url: string): PredictionEvent | null {
  try {
    const prediction = parsePrediction(JSON.parse(body.toString()));
    const { searchParams } = new URL(url, 'http://localhost');
    return { prediction, query: Object.fromEntries(searchParams) };
  } catch {
    return null;
  }
}

/** The newest of the ids that came by. */
interface RecentIds {
  /** Remembers an id; false where it is known already. */
  add(id: string): boolean;
  has(id: string): boolean;
}

/** Remembers so many ids, and forgets the oldest beyond that. */
export function createRecentIds(capacity: number): RecentIds {
  // A Set keeps the order in which they came.
  const ids = new Set<string>();
  return {
    add(id) {
      if (ids.has(id)) return false;
      ids.add(id);
      const [oldest] = ids;
      if (ids.size > capacity && oldest !== undefined) ids.delete(oldest);
      return true;
    },
    has: (id) => ids.has(id),
  };
}
