import { validateWebhook } from 'replicate';
import { expect, it } from 'vitest';
import type { WebhookEvent, WebhookFault } from '../../../src/simulator/index.ts';
import { predictionFaultsOf } from '../../helpers/conformance.ts';
import { localServer, type SeenRequest } from '../../helpers/localServer.ts';
import { call, create, finished, SCHNELL, simulated } from '../../helpers/simulated.ts';
import { stoppedClock } from '../../helpers/stoppedClock.ts';

const ALL: WebhookEvent[] = ['start', 'output', 'logs', 'completed'];

/** Starts a receiver that responds with these statuses, then with 200. */
async function receiver(...statuses: number[]) {
  const { url, requests } = await localServer((_request, response) => {
    response.writeHead(statuses.shift() ?? 200, { location: '/elsewhere' }).end();
  });
  const body = (index: number) => JSON.parse(requests[index]?.body ?? 'null');
  const arrived = (count: number) => expect.poll(() => requests).toHaveLength(count);
  return { url: `${url}/hook?job=7`, requests, body, arrived };
}

const order = (url: string, events?: readonly string[]) => ({
  input: { prompt: 'a red fox' },
  webhook: url,
  ...(events === undefined ? {} : { webhook_events_filter: events }),
});
const path = `/models/${SCHNELL}/predictions`;

it('reports start, logs, output and end with the current prediction, signed', async () => {
  const { url, requests, body, arrived } = await receiver();
  const simulator = await simulated({ medianMs: 20_000, sigma: 0 });
  const { body: created } = await call(simulator, path, { body: order(url, ALL) });
  expect(created).toMatchObject({ webhook: url, webhook_events_filter: ALL });
  await arrived(4);
  // Webhooks are sent at once, so two of the same moment may arrive in either order.
  const stage = ({ status, output }: ReturnType<typeof body>) =>
    Number(output !== null) + Number(status === 'succeeded');
  const bodies = [0, 1, 2, 3].map(body).sort((one, other) => stage(one) - stage(other));
  expect(bodies.map(({ status, output }) => [status, output !== null])).toEqual([
    ['processing', false],
    ['processing', false],
    ['processing', true],
    ['succeeded', true],
  ]);
  expect(bodies.flatMap(predictionFaultsOf)).toEqual([]);
  expect(bodies.at(-1)).toEqual((await call(simulator, `/predictions/${created.id}`)).body);
  expect(requests[0]).toMatchObject({ method: 'POST', url: '/hook?job=7' });
  const { body: secret } = await call(simulator, '/webhooks/default/secret');
  const areValid = requests.map((request) => validateWebhook(requestOf(request), secret.key));
  expect(await Promise.all(areValid)).toEqual([true, true, true, true]);
  expect(new Set(requests.map(({ headers }) => headers['webhook-id'])).size).toBe(4);
  expect(simulator.stats().webhooks).toBe(4);
});

function requestOf({ headers, body }: SeenRequest): Request {
  const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
  const entries = names.map((name): [string, string] => [name, String(headers[name])]);
  return new Request('http://localhost/', { method: 'POST', body, headers: Object.fromEntries(entries) });
}

it('reports only output and end if no events are named', async () => {
  const { url, body, arrived } = await receiver();
  const simulator = await simulated({ medianMs: 1_000 });
  const { body: created } = await call(simulator, path, { body: order(url) });
  expect(created).not.toHaveProperty('webhook_events_filter');
  await arrived(2);
  expect([body(0).output, body(1).output]).toEqual([[expect.any(String)], [expect.any(String)]]);
});

it('skips an output less than half a second after logs, but never the end', async () => {
  stoppedClock();
  const { url, requests, body, arrived } = await receiver();
  const simulator = await simulated({ speed: 1, medianMs: 5 });
  await call(simulator, path, {
    body: order(url, ['logs', 'output', 'completed']),
    headers: { prefer: 'wait' },
  });
  await arrived(2);
  const statuses = requests.map((_request, index) => body(index).status).sort();
  expect(statuses).toEqual(['processing', 'succeeded']);
});

it('retries the last one until it is accepted, with the same id', async () => {
  const { url, requests, arrived } = await receiver(500, 404);
  const simulator = await simulated({ speed: 1_000 });
  await call(simulator, path, { body: order(url, ['completed']) });
  await arrived(3);
  expect(new Set(requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  expect(new Set(requests.map(({ body }) => body)).size).toBe(1);
});

it('gives up after seven tries, about a minute after the end', async () => {
  const { url, arrived } = await receiver(...Array.from({ length: 20 }, () => 503));
  const simulator = await simulated({ speed: 200 });
  const startedAtMs = performance.now();
  await call(simulator, path, { body: order(url, ['completed']) });
  await arrived(7);
  // Each of six timers may fire a fraction of a millisecond early.
  expect(performance.now() - startedAtMs).toBeGreaterThan(63_000 / 200 - 6);
  await new Promise((resolve) => setTimeout(resolve, 40));
  await arrived(7);
});

it('tries the others only once, and follows no redirect', async () => {
  const refused = await receiver(500);
  const moved = await receiver(301, 301);
  const simulator = await simulated({ speed: 1_000 });
  await call(simulator, path, { body: order(refused.url, ['start']) });
  await call(simulator, path, { body: order(moved.url, ['completed']) });
  await Promise.all([refused.arrived(1), moved.arrived(1)]);
  await new Promise((resolve) => setTimeout(resolve, 40));
  expect(simulator.stats().webhooks).toBe(2);
});

it('reports canceled predictions, not aborted ones', async () => {
  const { url, body, arrived } = await receiver();
  const simulator = await simulated({ slots: 1, medianMs: 6_000_000 });
  const { body: running } = await call(simulator, path, { body: order(url, ['completed']) });
  const headers = { 'cancel-after': '5s' };
  const { body: waiting } = await call(simulator, path, { body: order(url, ['completed']), headers });
  expect(await finished(simulator, waiting.id)).toMatchObject({ status: 'aborted' });
  await call(simulator, `/predictions/${running.id}/cancel`, { method: 'POST' });
  await arrived(1);
  expect(body(0)).toMatchObject({ id: running.id, status: 'canceled' });
});

it('drops, repeats and delays webhooks on a fault', async () => {
  const faults: Record<string, WebhookFault> = {
    start: { type: 'delay', delayMs: 60 },
    logs: { type: 'drop' },
    completed: { type: 'repeat' },
  };
  const { url, requests, body, arrived } = await receiver();
  const startedAtMs = performance.now();
  const simulator = await simulated({
    medianMs: 0,
    faults: { onWebhook: (_prediction, event) => faults[event] ?? null },
  });
  await call(simulator, path, { body: order(url, ['start', 'logs', 'completed']) });
  await arrived(3);
  expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(59);
  // The order is open: on a busy machine the others may be late too.
  const idsOf = (status: string) =>
    requests.filter((_request, at) => body(at).status === status).map(({ headers }) => headers['webhook-id']);
  expect(idsOf('processing')).toHaveLength(1);
  const [one, again] = idsOf('succeeded');
  expect([one, idsOf('succeeded').length]).toEqual([again, 2]);
});

it.each([
  ['http://example.com/hook', undefined],
  ['ftp://127.0.0.1/', undefined],
  ['hook', undefined],
  ['https://example.com/hook', ['end']],
])('refuses the webhook %s with the events %s', async (url, events) => {
  const simulator = await simulated();
  const { status, body } = await call(simulator, path, { body: order(url, events) });
  expect([status, body.title]).toEqual([422, 'Input validation failed']);
  expect(body.invalid_fields[0].field).toMatch(/^webhook/);
  expect(simulator.stats().created).toBe(0);
});

it('sends nothing for a prediction without webhook', async () => {
  const simulator = await simulated();
  await create(simulator);
  expect(simulator.stats().webhooks).toBe(0);
});
