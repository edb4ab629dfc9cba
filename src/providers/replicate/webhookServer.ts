import type { IncomingMessage } from 'node:http';
import Fastify, { type FastifyError, type FastifyInstance, type FastifyRequest } from 'fastify';
import type { Redact } from '../../base/secrets.ts';
import { createBodyReader, LONGEST_ID, readEvent } from './webhookBody.ts';
import type { Webhook } from './webhookEvents.ts';
import type { WebhookVerifier } from './webhookSecret.ts';

interface WebhookServerConfig {
  /** Null: every webhook is accepted. */
  verifier: WebhookVerifier | null;
  /** Longest body that is accepted. */
  maxBytes: number;
  /** Removes credentials from the bodies. */
  redact: Redact;
  /** Called with each genuine webhook before the response, 503 if it rejects. Default: no-op. */
  store?: (webhook: Webhook) => Promise<void>;
  /** Called with each genuine webhook, after the response to it. */
  onWebhook: (webhook: Webhook) => void;
  /** Called for each webhook that is refused because its signature does not fit. Default: no-op. */
  onRefused?: () => void;
}

/** Connections at the same time; further ones are closed at once. */
const MOST_CONNECTIONS = 256;
/** Longest time that a connection may take to send the headers of its request. */
const HEADERS_TIMEOUT_MS = 10_000;
/** Longest time that it may take to send all of it. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Longest time that it may stay open without one. */
const KEEP_ALIVE_MS = 5_000;
/** Time between two looks at these limits. */
const CHECK_EVERY_MS = 5_000;

/**
 * Accepts webhooks by POST at any path, because a tunnel or proxy may change it, and responds `ok`
 * to every GET. Refusals have no body, so that they reveal nothing, and close the connection, so
 * that the rest of a body need not be read.
 */
export function webhookServer(config: WebhookServerConfig): FastifyInstance {
  const { verifier, maxBytes, redact, onWebhook, onRefused = () => {} } = config;
  const server = Fastify({
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: true,
    http: { headersTimeout: HEADERS_TIMEOUT_MS, connectionsCheckingInterval: CHECK_EVERY_MS },
  });
  server.server.maxConnections = MOST_CONNECTIONS;
  const readBody = createBodyReader(maxBytes);
  // As bytes, regardless of the declared type: the signature covers these, and only signed bodies
  // are parsed.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', ({ headers }: FastifyRequest, body: IncomingMessage) =>
    readBody(body, Number(headers['content-length'] ?? 0), verifier?.check(headers) ?? null),
  );
  server.setErrorHandler<FastifyError>(({ statusCode = 500 }, _request, reply) =>
    reply.code(statusCode).header('connection', 'close').send(),
  );
  server.addHook('onResponse', async ({ method }, { statusCode }) => {
    if (method === 'POST' && statusCode === 401) onRefused();
  });
  server.setNotFoundHandler((_request, reply) => reply.code(404).header('connection', 'close').send());
  server.get('/*', async () => ({ status: 'ok' }));
  server.post('/*', {
    // Before the body is read: most forged requests end here.
    onRequest: async ({ headers }, reply) => {
      const { 'webhook-id': id = '' } = headers;
      if (id.length <= LONGEST_ID && verifier?.isPlausible(headers) !== false) return;
      return reply.code(401).header('connection', 'close').send();
    },
    handler: async ({ headers, body: received, url }, reply) => {
      // Without a body the parser is not called.
      const body = Buffer.isBuffer(received) ? received : Buffer.alloc(0);
      if (body.length === 0 && verifier?.isGenuine(headers, body) === false) return reply.code(401).send();
      const event = readEvent(body, url, redact);
      if (event === null) return reply.code(400).send();
      const { 'webhook-id': id } = headers;
      const webhook = { id: typeof id === 'string' ? id : null, event, bytes: body.length };
      try {
        await config.store?.(webhook);
      } catch {
        // The service sends it again.
        return reply.code(503).send();
      }
      reply.code(204).send();
      onWebhook(webhook);
      return reply;
    },
  });
  return server;
}
