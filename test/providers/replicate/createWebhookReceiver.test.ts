import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { connect } from 'node:net';
import { firstValueFrom, lastValueFrom, type Subscription, timer } from 'rxjs';
import { expect, it, onTestFinished, vi } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import type { PredictionEvents } from '../../../src/ports.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import {
  createWebhookReceiver,
  type WebhookReceiverConfig,
} from '../../../src/providers/replicate/webhookReceiver.ts';
import { fetchWebhookSecret, webhookSignature } from '../../../src/providers/replicate/webhookSecret.ts';
import { webhookServer } from '../../../src/providers/replicate/webhookServer.ts';
import type { PredictionEvent } from '../../../src/types.ts';
import { predictionAnswer } from '../../helpers/localServer.ts';
import { SCHNELL, simulated } from '../../helpers/simulated.ts';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const key = Buffer.from(secret.slice('whsec_'.length), 'base64');

/** A receiver that listens, its emitted values, and the subscription that keeps it open. */
async function receive(config: WebhookReceiverConfig = { secret }) {
  const events: PredictionEvent[] = [];
  let subscription: Subscription | undefined;
  const receiver = await new Promise<PredictionEvents>((resolve, reject) => {
    subscription = createWebhookReceiver(config).subscribe({ next: resolve, error: reject });
  });
  receiver.events.subscribe((event) => events.push(event));
  onTestFinished(() => subscription?.unsubscribe());
  return { url: receiver.url, events, subscription };
}

const bodyOf = (fields: object = {}) => JSON.stringify({ ...predictionAnswer, ...fields });

interface Sent {
  readonly id?: string;
  readonly atMs?: number;
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/** Sends a signed webhook as the service does; returns the response. */
async function send(
  url: string,
  body: string,
  { id = randomUUID(), atMs = Date.now(), headers = {} }: Sent = {},
) {
  const timestamp = String(Math.floor(atMs / 1_000));
  const signed = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${webhookSignature({ id, timestamp, body }, key).toString('base64')}`,
    ...headers,
  };
  const given = Object.entries(signed).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const response = await fetch(url, { method: 'POST', headers: Object.fromEntries(given), body });
  return { status: response.status, text: await response.text() };
}

it('emits the predictions that the service sends, with the query of the URL', async () => {
  const { url, events } = await receive();
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  expect(await send(`${url}some/path?run=r1&job=a%20b`, bodyOf())).toEqual({ status: 204, text: '' });
  expect(events).toEqual([
    {
      prediction: expect.objectContaining({
        id: predictionAnswer.id,
        status: 'succeeded',
        outputComplete: true,
      }),
      query: { run: 'r1', job: 'a b' },
    },
  ]);
});

it('stores a webhook before it responds, repeats too, and asks for one again that it cannot store', async () => {
  const stored: string[] = [];
  let isAway = true;
  const { url, events } = await receive({
    secret,
    store: async ({ prediction }) => {
      if (isAway) throw new Error('away');
      stored.push(prediction.id);
    },
  });
  expect(await send(url, bodyOf())).toEqual({ status: 503, text: '' });
  expect(events).toEqual([]);
  isAway = false;
  for (const id of ['one', 'one', 'two']) expect((await send(url, bodyOf(), { id })).status).toBe(204);
  expect(stored).toEqual(Array(3).fill(predictionAnswer.id));
  expect(events).toHaveLength(1);
});

it('emits each webhook once, however often it comes', async () => {
  const { url, events } = await receive();
  const body = bodyOf({ status: 'processing' });
  const replies = [
    await send(url, body, { id: 'msg_1' }),
    await send(url, body, { id: 'msg_1' }),
    await send(url, body, { id: 'msg_1', atMs: Date.now() - 60_000 }),
    await send(url, body, { id: 'msg_2' }),
  ];
  expect(replies.map(({ status }) => status)).toEqual([204, 204, 204, 204]);
  expect(events).toHaveLength(2);
});

it.each(['succeeded', 'failed', 'canceled', 'aborted'])(
  'emits nothing of a prediction after it has %s',
  async (status) => {
    const { url, events } = await receive();
    const answers = [
      await send(url, bodyOf({ status })),
      await send(url, bodyOf({ status: 'processing' })),
      await send(url, bodyOf({ status: 'starting' })),
      await send(url, bodyOf({ status })),
      await send(url, bodyOf({ id: 'another', status: 'starting' })),
    ];
    expect(answers.map((answer) => answer.status)).toEqual([204, 204, 204, 204, 204]);
    expect(events.map(({ prediction }) => [prediction.id, prediction.status])).toEqual([
      [predictionAnswer.id, status],
      ['another', 'starting'],
    ]);
  },
);

it('does not take a status that the API does not document for an end', async () => {
  const { url, events } = await receive();
  await send(url, bodyOf({ status: 'dreaming' }));
  await send(url, bodyOf());
  expect(events.map(({ prediction }) => prediction.status)).toEqual(['unknown', 'succeeded']);
});

const nowMs = Date.parse('2026-11-23T04:00:00Z');
it.each<[string, Sent]>([
  ['no id', { headers: { 'webhook-id': undefined } }],
  ['no time', { headers: { 'webhook-timestamp': undefined } }],
  ['no signature', { headers: { 'webhook-signature': undefined } }],
  ['another id', { headers: { 'webhook-id': 'msg_other' } }],
  ['another time', { headers: { 'webhook-timestamp': String(nowMs / 1_000 - 1) } }],
  ['another signature', { headers: { 'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')}` } }],
  ['an old time', { atMs: nowMs - 301_000 }],
  ['a time to come', { atMs: nowMs + 301_000 }],
])('refuses a webhook with %s, and emits nothing', async (_name, sent) => {
  const { url, events } = await receive({ secret, now: () => nowMs });
  expect(await send(url, bodyOf(), { atMs: nowMs, ...sent })).toEqual({ status: 401, text: '' });
  expect(events).toEqual([]);
  expect((await send(url, bodyOf(), { atMs: nowMs })).status).toBe(204);
});

it('refuses a body that was changed on its way, and takes the right one afterwards', async () => {
  const { url, events } = await receive();
  const body = bodyOf();
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const signature = webhookSignature({ id: 'msg_1', timestamp, body }, key).toString('base64');
  const headers = { 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
  const changed = await send(url, body.replace('succeeded', 'failed'), { id: 'msg_1', headers });
  expect(changed.status).toBe(401);
  expect((await send(url, body, { id: 'msg_1', headers })).status).toBe(204);
  expect(events.map(({ prediction }) => prediction.status)).toEqual(['succeeded']);
});

it('takes the service at its word about time by the clock it is given', async () => {
  const atMs = Date.parse('2020-01-01T00:00:00Z');
  const { url } = await receive({ secret, now: () => atMs + 4_000, toleranceMs: 5_000 });
  expect((await send(url, bodyOf(), { atMs })).status).toBe(204);
  expect((await send(url, bodyOf(), { atMs: atMs - 2_000 })).status).toBe(401);
});

it.each(['{', '[]', '{"status":"succeeded"}', 'null'])('refuses %s, though it is signed', async (body) => {
  const { url, events } = await receive();
  expect(await send(url, body)).toEqual({ status: 400, text: '' });
  expect(events).toEqual([]);
});

it('accepts no body above its limit, declared or not, and continues', async () => {
  const { url, events } = await receive({ secret, maxBytes: 1_000 });
  const body = bodyOf({ logs: 'x'.repeat(1_000) });
  expect((await send(url, body)).status).toBe(413);
  const id = 'msg_1';
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const signature = webhookSignature({ id, timestamp, body }, key).toString('base64');
  const chunked = request(url, {
    method: 'POST',
    headers: { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` },
  });
  const status = new Promise((resolve, reject) => {
    chunked.on('response', (response) => resolve(response.statusCode)).on('error', reject);
  });
  for (let at = 0; at < body.length; at += 300) chunked.write(body.slice(at, at + 300));
  chunked.end();
  expect(await status).toBe(413);
  expect((await send(url, bodyOf())).status).toBe(204);
  expect(events).toHaveLength(1);
});

it('takes predictions of some megabytes by default', async () => {
  const { url, events } = await receive();
  const output = [`data:image/png;base64,${'A'.repeat(8_000_000)}`];
  expect((await send(url, bodyOf({ output }))).status).toBe(204);
  expect(events[0]?.prediction.output).toEqual(output);
});

it('does not wait for a body whose headers are wrong', async () => {
  const { url } = await receive();
  const { port } = new URL(url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(
    'POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9000000\r\n\r\n{',
  );
  const answer = await new Promise((resolve) => socket.once('data', (data) => resolve(String(data))));
  expect(answer).toMatch(/^HTTP\/1\.1 401 /);
  socket.destroy();
});

it('closes the connection of a webhook that it refuses', async () => {
  const { url } = await receive();
  for (const headers of ['', 'webhook-id: a\r\nwebhook-timestamp: 1\r\nwebhook-signature: v1,AAAA\r\n']) {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    let response = '';
    socket.on('data', (data) => {
      response += data;
    });
    socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9000000\r\n${headers}\r\n{`);
    await new Promise((resolve) => socket.once('close', resolve));
    expect(response).toMatch(/^HTTP\/1\.1 401 /);
  }
});

it('takes no more than 256 connections at a time', async () => {
  const { url } = await receive();
  const port = Number(new URL(url).port);
  let closed = 0;
  const sockets = Array.from({ length: 300 }, () => connect(port, '127.0.0.1').resume());
  for (const socket of sockets) socket.once('close', () => (closed += 1)).on('error', () => {});
  await expect.poll(() => closed).toBe(300 - 256);
  for (const socket of sockets) socket.destroy();
  await expect.poll(() => closed).toBe(300);
  expect((await send(url, bodyOf())).status).toBe(204);
});

it('gives a connection only so much time', async () => {
  const config = { verifier: null, maxBytes: 1, redact: String, onWebhook: () => {} };
  const { server } = webhookServer(config);
  expect(server.headersTimeout).toBeLessThanOrEqual(10_000);
  expect(server.requestTimeout).toBeLessThanOrEqual(30_000);
  expect(server.keepAliveTimeout).toBeLessThanOrEqual(5_000);
});

it.each([{ secret }, { unsigned: true }])('remembers no long ids: %o', async (config) => {
  const { url, events } = await receive(config);
  expect((await send(url, bodyOf(), { id: 'm'.repeat(129) })).status).toBe(401);
  expect((await send(url, bodyOf({ id: 'p'.repeat(129) }))).status).toBe(400);
  expect((await send(url, bodyOf(), { id: 'm'.repeat(128) })).status).toBe(204);
  expect(events).toHaveLength(1);
});

it('repeats no credentials, and no deep nesting', async () => {
  const token = 'r8_S3cr3tT0kenS3cr3tT0ken';
  const { url, events } = await receive({ secret, secrets: [token] });
  const deep = `${'['.repeat(20_000)}"https://a.b/c.png"${']'.repeat(20_000)}`;
  const body = bodyOf({ error: `${token} ${secret}`, output: 'OUTPUT' }).replace('"OUTPUT"', deep);
  expect((await send(url, body)).status).toBe(204);
  expect(events[0]?.prediction.error).toBe('[token] [token]');
  expect(JSON.stringify(events[0]?.prediction.output)).toHaveLength(2 * 200 + '"https://a.b/c.png"'.length);
});

it('gives a late subscriber no more than the last megabytes', async () => {
  let receiver: PredictionEvents | undefined;
  const subscription = createWebhookReceiver({ secret }).subscribe((made) => {
    receiver = made;
  });
  onTestFinished(() => subscription.unsubscribe());
  await expect.poll(() => receiver).toBeDefined();
  const output = [`data:image/png;base64,${'A'.repeat(5_000_000)}`];
  for (const id of ['a', 'b', 'c']) await send(receiver?.url ?? '', bodyOf({ id, output }));
  const late: string[] = [];
  receiver?.events.subscribe(({ prediction }) => late.push(prediction.id));
  expect(late).toEqual(['c']);
});

it('reports that it is there, and nothing else', async () => {
  const { url } = await receive();
  const health = await fetch(`${url}health`);
  expect([health.status, await health.json()]).toEqual([200, { status: 'ok' }]);
  const other = await fetch(url, { method: 'DELETE' });
  expect([other.status, await other.text()]).toEqual([404, '']);
});

it('accepts every webhook if it is unsigned', async () => {
  const { url, events } = await receive({ unsigned: true });
  const plain = (status: string) => fetch(url, { method: 'POST', body: bodyOf({ status }) });
  expect((await plain('processing')).status).toBe(204);
  expect((await plain('succeeded')).status).toBe(204);
  expect((await plain('succeeded')).status).toBe(204);
  expect(events.map(({ prediction }) => prediction.status)).toEqual(['processing', 'succeeded']);
});

it('knows the address by which the service reaches it', async () => {
  const { url } = await receive({ secret, publicUrl: 'https://hooks.example/rx' });
  expect(url).toBe('https://hooks.example/rx');
});

it('gives the port back when it is unsubscribed from, also before it listens', async () => {
  const { url, events, subscription } = await receive();
  const port = Number(new URL(url).port);
  subscription?.unsubscribe();
  await expect.poll(() => fetch(url).then(() => 'a response', String)).toContain('fetch failed');
  createWebhookReceiver({ secret, port }).subscribe().unsubscribe();
  const again = await vi.waitFor(() => receive({ secret, port }), { timeout: 55_000 });
  expect((await send(again.url, bodyOf())).status).toBe(204);
  expect([events.length, again.events.length]).toEqual([0, 1]);
});

it('emits an error that names a port in use', async () => {
  const { url } = await receive();
  const { port } = new URL(url);
  const second = firstValueFrom(createWebhookReceiver({ secret, port: Number(port) }));
  await expect(second).rejects.toThrow(UsageError);
  await expect(second).rejects.toThrow(`on port ${port} of 127.0.0.1: EADDRINUSE`);
});

it.each<[string, WebhookReceiverConfig, string]>([
  ['neither a secret nor its absence', {}, 'need either `secret` or `unsigned`'],
  ['both', { secret, unsigned: true }, 'cannot be used together'],
  ['a wrong secret', { secret: 'r8_token' }, 'whsec_'],
  ['an odd address', { secret, publicUrl: 'hooks.example' }, '`publicUrl`'],
])('throws for %s', (_name, config, message) => {
  expect(() => createWebhookReceiver(config)).toThrow(UsageError);
  expect(() => createWebhookReceiver(config)).toThrow(message);
});

it('hears of every end from a service that drops no webhook, with the secret of the account', async () => {
  const simulator = await simulated({
    medianMs: 500,
    faults: { onWebhook: ({ serial }) => (serial % 2 === 0 ? { type: 'repeat' } : null) },
  });
  const { url, events } = await receive({ secret: await lastValueFrom(fetchWebhookSecret(simulator)) });
  const provider = createReplicateProvider(simulator);
  const create = (job: number) =>
    lastValueFrom(
      provider.createPrediction(
        { model: SCHNELL, version: null, input: { prompt: 'a red fox', seed: job } },
        { waitMs: 0, webhookUrl: `${url}?job=${job}` },
      ),
    );
  const made = await Promise.all([0, 1, 2, 3, 4, 5].map(create));
  await expect.poll(() => simulator.stats().webhooks).toBe(9);
  await expect.poll(() => events).toHaveLength(6);
  await lastValueFrom(timer(20));
  expect(events).toHaveLength(6);
  const received = events
    .map(({ prediction, query }) => [query.job, prediction.id, prediction.status])
    .sort();
  expect(received).toEqual(made.map(({ id }, job) => [String(job), id, 'succeeded']));
  expect(simulator.stats()).toMatchObject({ webhooks: 9, requests: { get: 0, list: 0, create: 6 } });
});

it('hears of an end that it missed when it was away for a moment', async () => {
  const simulator = await simulated({ speed: 20, medianMs: 100 });
  const { url, subscription } = await receive();
  subscription?.unsubscribe();
  const provider = createReplicateProvider(simulator);
  const prediction = await lastValueFrom(
    provider.createPrediction(
      { model: SCHNELL, version: null, input: { prompt: 'a red fox' } },
      { waitMs: 1_000, webhookUrl: url },
    ),
  );
  await expect.poll(() => simulator.stats().webhooks).toBeGreaterThan(1);
  const key = await lastValueFrom(fetchWebhookSecret(simulator));
  const { events } = await receive({ secret: key, port: Number(new URL(url).port) });
  await expect.poll(() => events).toHaveLength(1);
  expect(events[0]?.prediction).toEqual(prediction);
});
