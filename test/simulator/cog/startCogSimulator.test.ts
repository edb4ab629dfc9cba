import { expect, it, onTestFinished } from 'vitest';
import { type CogSimulatorConfig, startCogSimulator } from '../../../src/simulator/index.ts';
import { localServer } from '../../helpers/localServer.ts';

const input = { prompt: 'a red fox' };
const ID = 'wjx3whax6rf4vphkegkhcvpv6a';

async function container(config: CogSimulatorConfig = {}) {
  const simulator = await startCogSimulator({ speed: 100, render: 'fast', ...config });
  onTestFinished(() => simulator.close());
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(simulator.baseUrl + path, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: JSON.parse(await response.text()) };
  };
  return { simulator, call };
}

const later = { prefer: 'respond-async' };

it('responds when the run is over, with the outputs in the response', async () => {
  const { simulator, call } = await container({ medianMs: 1_000, sigma: 0 });
  const { status, body } = await call('POST', '/predictions', { input });
  expect(status).toBe(200);
  expect(body).toMatchObject({ status: 'succeeded', metrics: { predict_time: 1 }, logs: expect.any(String) });
  expect(body.output).toEqual([expect.stringMatching(/^data:image\/webp;base64,/)]);
  expect(simulator.stats()).toMatchObject({ created: 1, succeeded: 1 });
});

it('describes itself, its health, and the inputs of its model', async () => {
  const { call } = await container({ medianMs: 6_000_000 });
  expect((await call('GET', '/')).body).toMatchObject({ healthcheck_url: '/health-check' });
  const { body: document } = await call('GET', '/openapi.json');
  expect(document.components.schemas.Input.required).toEqual(['prompt']);
  expect((await call('GET', '/health-check')).body.status).toBe('READY');
  await call('PUT', `/predictions/${ID}`, { input }, later);
  expect((await call('GET', '/health-check')).body.status).toBe('BUSY');
});

it('begins no second run while one with the same id runs', async () => {
  const { simulator, call } = await container({ medianMs: 6_000_000, slots: 2 });
  const first = await call('PUT', `/predictions/${ID}`, { input }, later);
  expect(first).toEqual({ status: 202, body: { id: ID, status: 'starting' } });
  const again = await call('PUT', `/predictions/${ID}`, { input });
  expect(again).toMatchObject({ status: 202, body: { id: ID, status: 'processing' } });
  expect(simulator.stats().created).toBe(1);
  expect(await call('POST', `/predictions/${ID}/cancel`)).toEqual({ status: 200, body: {} });
  expect(await call('POST', `/predictions/${ID}/cancel`)).toEqual({ status: 404, body: {} });
  await call('PUT', `/predictions/${ID}`, { input }, later);
  expect(simulator.stats()).toMatchObject({ created: 2, canceled: 1 });
});

it('refuses more than it has slots for, and anything before its setup is over', async () => {
  const { call } = await container({ medianMs: 6_000_000 });
  await call('POST', '/predictions', { input }, later);
  const full = await call('POST', '/predictions', { input });
  expect([full.status, full.body.status]).toEqual([409, 'failed']);
  const young = await container({ setupMs: 6_000_000 });
  expect((await young.call('POST', '/predictions', { input })).status).toBe(503);
  expect((await young.call('GET', '/health-check')).body.status).toBe('STARTING');
});

it.each([
  ['a missing input', { input: {} }, ['body', 'input']],
  ['a wrong input', { input: { ...input, seed: 'x' } }, ['body', 'input', 'seed']],
  ['another id than in the path', { id: 'other', input }, ['body', 'id']],
  [
    'events that do not exist',
    { input, webhook_events_filter: ['end'] },
    ['body', 'webhook_events_filter', '0'],
  ],
])('refuses %s with 422 and its path', async (_name, body, loc) => {
  const { simulator, call } = await container();
  const answer = await call('PUT', `/predictions/${ID}`, body);
  expect(answer.status).toBe(422);
  expect(answer.body.detail).toEqual([{ loc, msg: expect.any(String), type: 'value_error' }]);
  expect(simulator.stats().created).toBe(0);
});

it('ends the run of a client that disconnects before the response', async () => {
  const { simulator } = await container({ medianMs: 6_000_000 });
  const leaving = new AbortController();
  const answer = fetch(`${simulator.baseUrl}/predictions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ input }),
    signal: leaving.signal,
  });
  await expect.poll(() => simulator.stats().created).toBe(1);
  leaving.abort();
  await expect(answer).rejects.toThrow('aborted');
  await expect.poll(() => simulator.stats()).toMatchObject({ canceled: 1, inFlight: 0 });
});

it('sends unsigned webhooks of all events, and retries the last one', async () => {
  const refusals = new Set(['succeeded']);
  const { url, requests } = await localServer(({ body }, response) => {
    response.writeHead(refusals.delete(JSON.parse(body).status) ? 503 : 200).end();
  });
  const { call } = await container({ medianMs: 20_000, sigma: 0 });
  await call('POST', '/predictions', { input, webhook: url }, later);
  await expect.poll(() => requests).toHaveLength(5);
  expect(requests.every(({ headers }) => headers['webhook-signature'] === undefined)).toBe(true);
  // Two webhooks of one moment may arrive in either order.
  const last = requests.map(({ body }) => JSON.parse(body)).filter(({ status }) => status === 'succeeded');
  expect(last).toHaveLength(2);
  expect(last[1]).toEqual(last[0]);
  expect(last[0]).toMatchObject({ output: [expect.any(String)] });
});

it('has only models of the simulator', async () => {
  await expect(startCogSimulator({ model: 'no/body' })).rejects.toThrow('got no/body');
});
