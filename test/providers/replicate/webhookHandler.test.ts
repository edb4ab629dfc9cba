import { randomUUID } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import express from 'express';
import Fastify from 'fastify';
import { firstValueFrom, lastValueFrom } from 'rxjs';
import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { runToFolder } from '../../../src/pipelines/runToFolder.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import { WebhookError } from '../../../src/providers/replicate/webhookBody.ts';
import {
  type ReceivedEvent,
  type WebhookHandler,
  type WebhookHandlerConfig,
  webhookHandler,
} from '../../../src/providers/replicate/webhookHandler.ts';
import {
  createWebhookVerifier,
  fetchWebhookSecret,
  webhookSignature,
} from '../../../src/providers/replicate/webhookSecret.ts';
import { aPlan } from '../../../src/testing/aPlan.ts';
import type { PredictionEvent } from '../../../src/types.ts';
import { predictionAnswer } from '../../helpers/localServer.ts';
import { SCHNELL, simulated } from '../../helpers/simulated.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const newSecret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
const bodyOf = (fields: object = {}) => JSON.stringify({ ...predictionAnswer, ...fields });

interface Signed {
  readonly id?: string;
  readonly atMs?: number;
  readonly secrets?: readonly string[];
}

/** The headers of a webhook as the service signs it. */
function headersOf(
  body: string | Buffer,
  { id = randomUUID(), atMs = Date.now(), secrets = [secret] }: Signed = {},
) {
  const timestamp = String(Math.floor(atMs / 1_000));
  const signatures = secrets.map((one) => {
    const key = Buffer.from(one.slice('whsec_'.length), 'base64');
    return `v1,${webhookSignature({ id, timestamp, body }, key).toString('base64')}`;
  });
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}

function requestOf(
  body: string,
  headers: Readonly<Record<string, string>> = headersOf(body),
  path = '/hooks',
) {
  return new Request(`https://studio.example${path}`, { method: 'POST', headers, body });
}

/** A handler and its emitted events. */
function handlerOf(config: Partial<WebhookHandlerConfig> = {}) {
  const hooks = webhookHandler({ secret, ...config });
  const events: PredictionEvent[] = [];
  const subscription = hooks.events.subscribe((event) => events.push(event));
  onTestFinished(() => subscription.unsubscribe());
  return { hooks, events };
}

const statusOf = (action: () => unknown) => {
  try {
    action();
  } catch (error) {
    if (error instanceof WebhookError) return error.statusCode;
    throw error;
  }
  return 204;
};

describe('fetch', () => {
  it('takes a genuine webhook of any type, with the query of its URL', async () => {
    const { hooks, events } = handlerOf();
    const body = bodyOf();
    const headers = { ...headersOf(body), 'content-type': 'text/plain' };
    const response = await hooks.fetch(requestOf(body, headers, '/any/path?job=7'));
    expect([response.status, await response.text()]).toEqual([204, '']);
    expect(events).toEqual([
      { prediction: expect.objectContaining({ id: predictionAnswer.id }), query: { job: '7' } },
    ]);
  });

  it.each([
    ['a forged body', (body: string) => requestOf(`${body} `, headersOf(body)), 401],
    ['a forged signature', (body: string) => requestOf(body, headersOf(body, { secrets: [newSecret] })), 401],
    ['no headers', (body: string) => requestOf(body, {}), 401],
    ['an old time', (body: string) => requestOf(body, headersOf(body, { atMs: Date.now() - 301_000 })), 401],
    [
      'a time to come',
      (body: string) => requestOf(body, headersOf(body, { atMs: Date.now() + 302_000 })),
      401,
    ],
    ['a very long id', (body: string) => requestOf(body, headersOf(body, { id: 'i'.repeat(129) })), 401],
    ['a signed body that is no prediction', () => requestOf('[]'), 400],
    ['a signed body that is no JSON', () => requestOf('<html>'), 400],
    ['another method', () => new Request('https://studio.example', { method: 'PUT', body: 'x' }), 405],
  ])('refuses %s without a word', async (_name, request, status) => {
    const { hooks, events } = handlerOf();
    const response = await hooks.fetch(request(bodyOf()));
    expect([response.status, await response.text()]).toEqual([status, '']);
    expect(events).toEqual([]);
  });

  it('refuses an empty body, signed or not', async () => {
    const { hooks } = handlerOf();
    const post = (headers: Record<string, string>) =>
      hooks.fetch(new Request('https://studio.example', { method: 'POST', headers }));
    expect((await post(headersOf(''))).status).toBe(400);
    expect((await post(headersOf('x'))).status).toBe(401);
  });

  it('responds to a repeat and emits it once; after the end of a prediction it emits nothing more', async () => {
    const { hooks, events } = handlerOf();
    const body = bodyOf();
    const headers = headersOf(body);
    for (const again of [headers, headers, headersOf(body)]) {
      expect((await hooks.fetch(requestOf(body, again))).status).toBe(204);
    }
    const late = bodyOf({ status: 'processing', output: null });
    expect((await hooks.fetch(requestOf(late))).status).toBe(204);
    expect(events).toHaveLength(1);
  });

  it('reads no more of a huge body than it may', async () => {
    const { hooks } = handlerOf({ maxBytes: 100_000 });
    let sent = 0;
    let canceled = false;
    const endless = new ReadableStream({
      pull(controller) {
        sent += 10_000;
        controller.enqueue(new Uint8Array(10_000));
      },
      cancel() {
        canceled = true;
      },
    });
    const init = { method: 'POST', headers: headersOf('x'), body: endless, duplex: 'half' } as const;
    expect((await hooks.fetch(new Request('https://studio.example', init))).status).toBe(413);
    expect(sent).toBeLessThan(500_000);
    await expect.poll(() => canceled).toBe(true);
    const declared = requestOf('x', { ...headersOf('x'), 'content-length': '100001' });
    expect((await hooks.fetch(declared)).status).toBe(413);
  });

  it('rejects if the body was read before', async () => {
    const { hooks } = handlerOf();
    const request = requestOf(bodyOf());
    await request.text();
    await expect(hooks.fetch(request)).rejects.toThrow(
      'Expected the raw body of the webhook, got a body that was read before',
    );
  });

  it('responds to a GET, for health checks', async () => {
    const response = await handlerOf().hooks.fetch(new Request('https://studio.example'));
    expect(await response.json()).toEqual({ status: 'ok' });
  });
});

describe('receive', () => {
  it('returns the report of a genuine webhook, and whether it is a repeat', () => {
    const { hooks, events } = handlerOf();
    const body = bodyOf();
    const headers = headersOf(body);
    const first = hooks.receive(headers, Buffer.from(body), '/hooks?job=7');
    expect(first).toMatchObject({
      prediction: { status: 'succeeded' },
      query: { job: '7' },
      isRepeat: false,
    });
    expect(hooks.receive(headers, body)).toMatchObject({ query: {}, isRepeat: true });
    expect(hooks.receive(new Headers(headersOf(body)), new TextEncoder().encode(body)).isRepeat).toBe(true);
    expect(events).toHaveLength(1);
  });

  it('throws the status to respond with', () => {
    const { hooks, events } = handlerOf({ maxBytes: 1_000 });
    const body = bodyOf();
    expect(statusOf(() => hooks.receive(headersOf('other'), body))).toBe(401);
    expect(statusOf(() => hooks.receive({}, body))).toBe(401);
    expect(statusOf(() => hooks.receive(headersOf('{}'), '{}'))).toBe(400);
    const long = ' '.repeat(1_001);
    expect(statusOf(() => hooks.receive(headersOf(long), long))).toBe(413);
    expect(events).toEqual([]);
    expect(() => hooks.receive({}, body)).toThrow(
      expect.objectContaining({
        name: 'WebhookError',
        code: 'ERR_WEBHOOK_REFUSED',
        suggestion: expect.stringMatching(/^Respond with 401\. If all .* `secret` .* clock /),
      }),
    );
  });

  it('does not take bytes that only look the same as text', () => {
    const { hooks } = handlerOf();
    const [one, other] = [0xff, 0xfe].map((byte) => Buffer.from([0x22, byte, 0x22]));
    expect(statusOf(() => hooks.receive(headersOf(one!), other!))).toBe(401);
  });

  it('suggests a fix if the body was parsed', () => {
    const { hooks } = handlerOf();
    const body = bodyOf();
    const receive = hooks.receive as (headers: object, body: unknown) => unknown;
    expect(() => receive(headersOf(body), JSON.parse(body))).toThrow(
      expect.objectContaining({
        name: 'UsageError',
        message: 'Expected the raw body of the webhook, got a parsed one',
        suggestion: expect.stringContaining("express.raw({ type: '*/*' })"),
      }),
    );
    expect(() => receive(headersOf(body), undefined)).toThrow('got none');
  });

  it('takes either secret while it is being changed', () => {
    const { hooks } = handlerOf({ secret: [secret, newSecret] });
    const body = bodyOf();
    const statusFor = (secrets: string[]) =>
      statusOf(() => hooks.receive(headersOf(body, { secrets }), body));
    expect(statusFor([secret])).toBe(204);
    expect(statusFor([newSecret])).toBe(204);
    expect(statusFor([`whsec_${Buffer.alloc(24, 9).toString('base64')}`, newSecret])).toBe(204);
    expect(statusFor([`whsec_${Buffer.alloc(24, 9).toString('base64')}`])).toBe(401);
  });

  it('finds headers in any case', () => {
    const { hooks } = handlerOf();
    const body = bodyOf();
    const upper = Object.fromEntries(
      Object.entries(headersOf(body)).map(([name, value]) => [name.toUpperCase(), value]),
    );
    expect(hooks.receive(upper, body).isRepeat).toBe(false);
  });

  it('removes secrets from the body of a webhook', () => {
    const { hooks } = handlerOf({ secrets: ['r8_mine'] });
    const body = bodyOf({ error: `token r8_mine, ${secret}`, status: 'failed' });
    expect(hooks.receive(headersOf(body), body).prediction.error).toBe('token [token], [token]');
  });
});

it('refuses wrong options at once', () => {
  expect(() => webhookHandler({ secret: 'mine' })).toThrow(UsageError);
  expect(() => webhookHandler({ secret: [] })).toThrow(
    'Expected `secret` to be whsec_ and base64, got nothing',
  );
  expect(() => webhookHandler({ secret }).predictionEvents('studio.example')).toThrow(
    'Expected `publicUrl` to begin with https:// or http://, got "studio.example"',
  );
});

it('checks signatures without a handler', () => {
  const verifier = createWebhookVerifier({ secret });
  const body = Buffer.from(bodyOf());
  expect(verifier.isGenuine(headersOf(body), body)).toBe(true);
  expect(verifier.isGenuine(headersOf(body, { atMs: Date.now() - 301_000 }), body)).toBe(false);
  expectTypeOf<WebhookHandler['receive']>().returns.toEqualTypeOf<ReceivedEvent>();
});

/** Starts a server for one test; resolves with its URL. */
async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Servers of one's own, as docs/webhooks.md has them. */
const servers: Readonly<Record<string, (hooks: WebhookHandler) => Promise<string>>> = {
  'node:http': (hooks) =>
    listen(async (request, response) => {
      const url = `http://localhost${request.url}`;
      const body = request.method === 'POST' ? { body: request, duplex: 'half' } : {};
      const init = { method: request.method, headers: request.headers, ...body } as unknown as RequestInit;
      const answer = await hooks.fetch(new Request(url, init));
      response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()));
    }),
  Express: (hooks) => {
    const app = express().set('env', 'test');
    app.post('/hooks', express.raw({ type: '*/*', limit: '1mb' }), (request, response) => {
      hooks.receive(request.headers, request.body, request.url);
      response.sendStatus(204);
    });
    return listen(app);
  },
  Fastify: async (hooks) => {
    const app = Fastify({ bodyLimit: 1_000_000 });
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    app.post<{ Body: Buffer }>('/hooks', async ({ headers, body, url }, reply) => {
      hooks.receive(headers, body, url);
      return reply.code(204).send();
    });
    onTestFinished(() => app.close());
    return app.listen({ host: '127.0.0.1', port: 0 });
  },
};

describe.each(Object.keys(servers))('behind a server of %s', (name) => {
  const start = async (config: Partial<WebhookHandlerConfig> = {}) => {
    const { hooks, events } = handlerOf(config);
    const url = await servers[name]!(hooks);
    const send = async (body: string, headers: Record<string, string> = headersOf(body)) => {
      const response = await fetch(`${url}/hooks?job=7`, { method: 'POST', headers, body });
      await response.arrayBuffer();
      return response.status;
    };
    return { url, events, send };
  };

  it('takes genuine webhooks, refuses others, and emits each once', async () => {
    const { events, send } = await start();
    const body = bodyOf({ output: ['https://files.example/\u{1f98a}.webp'] });
    const headers = headersOf(body);
    expect(await send(body, headers)).toBe(204);
    expect(await send(body, headers)).toBe(204);
    expect(await send(bodyOf({ id: 'x' }), { ...headersOf(bodyOf()), 'content-type': 'text/plain' })).toBe(
      401,
    );
    expect(await send(bodyOf({ id: 'y' }), { 'content-type': 'application/json' })).toBe(401);
    const old = bodyOf({ id: 'z' });
    expect(await send(old, headersOf(old, { atMs: Date.now() - 400_000 }))).toBe(401);
    const plain = bodyOf({ id: 'plain' });
    expect(await send(plain, { ...headersOf(plain), 'content-type': 'text/plain' })).toBe(204);
    expect(events.map(({ prediction, query }) => [prediction.id, query.job])).toEqual([
      [predictionAnswer.id, '7'],
      ['plain', '7'],
    ]);
  });

  it('refuses a huge body', async () => {
    const { send, events } = await start({ maxBytes: 1_000_000 });
    expect(await send(' '.repeat(1_500_000))).toBe(413);
    expect(events).toEqual([]);
  });

  it('is not harmed by a body that breaks off', async () => {
    const { url, send } = await start();
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const lines = Object.entries({ ...headersOf('x'), host: 'a', 'content-length': '1000' });
    const head = lines.map(([key, value]) => `${key}: ${value}\r\n`).join('');
    socket.write(`POST /hooks HTTP/1.1\r\n${head}\r\nhalf`);
    await new Promise((resolve) => setTimeout(resolve, 5));
    socket.destroy();
    expect(await send(bodyOf())).toBe(204);
  });
});

const folder = temporaryFolder();

it('lets a run in the same process follow by webhooks through a server of its own', async () => {
  const simulator = await simulated();
  const provider = createReplicateProvider(simulator);
  const hooks = webhookHandler({ secret: await firstValueFrom(fetchWebhookSecret(simulator)) });
  const ended: string[] = [];
  const subscription = hooks.events.subscribe(({ prediction }) => ended.push(prediction.status));
  onTestFinished(() => subscription.unsubscribe());
  const webhooks = hooks.predictionEvents(`${await servers.Express!(hooks)}/hooks`);
  const plans = () => [0, 1, 2].map((index) => aPlan({ index, model: SCHNELL }));
  const run = runToFolder(plans, { folder: folder(), provider, webhooks, concurrency: 3 });
  const { totals } = await lastValueFrom(run);
  expect(totals.saved).toBe(3);
  expect(ended).toEqual(['succeeded', 'succeeded', 'succeeded']);
  expect(simulator.stats()).toMatchObject({ created: 3, webhooks: 3 });
});
