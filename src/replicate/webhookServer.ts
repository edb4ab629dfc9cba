import Fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import type { PredictionEvent } from '../types.ts';
import type { WebhookVerifier } from './createWebhookVerifier.ts';
import { parsePrediction } from './parsePrediction.ts';

export interface WebhookServerConfig {
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
export function webhookServer({ verifier, maxBytes, onWebhook }: WebhookServerConfig): FastifyInstance {
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
