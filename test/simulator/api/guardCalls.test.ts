import { expect, it } from 'vitest';
import { call, create, simulated } from '../../helpers/simulated.ts';
import { stoppedClock } from '../../helpers/stoppedClock.ts';

it.each([null, 'r8_wrong', ''])('refuses the token %s', async (token) => {
  const simulator = await simulated();
  const { status, headers, body } = await call(simulator, '/account', { token });
  expect(status).toBe(401);
  expect(headers.get('content-type')).toContain('application/problem+json');
  expect(headers.get('ratelimit-remaining')).toBeNull();
  expect(body).toMatchObject({ title: 'Unauthenticated', status: 401 });
  expect(JSON.stringify(body)).not.toContain(simulator.token);
});

it('accepts the older form of the token too', async () => {
  const simulator = await simulated();
  const headers = { authorization: `Token ${simulator.token}` };
  expect((await call(simulator, '/account', { token: null, headers })).status).toBe(200);
});

it('reports the state of the rate limit in every response', async () => {
  stoppedClock();
  const simulator = await simulated({ speed: 1, medianMs: 60_000 });
  const first = await create(simulator, {}, {});
  const second = await create(simulator, {}, {});
  expect([first, second].map(({ headers }) => headers.get('ratelimit-remaining'))).toEqual(['599', '598']);
  expect(first.headers.get('ratelimit-reset')).toBe('1');
  const [get, model, missing, files] = await Promise.all([
    call(simulator, `/predictions/${first.body.id}`),
    call(simulator, '/models/google/nano-banana'),
    call(simulator, '/nothing'),
    call(simulator, '/files'),
  ]);
  expect(get.headers.get('ratelimit-remaining')).toBe('59999');
  expect(Number(model.headers.get('ratelimit-remaining'))).toBeGreaterThan(2_990);
  expect(missing.status).toBe(404);
  expect(missing.headers.get('ratelimit-remaining')).not.toBeNull();
  expect(files.headers.get('ratelimit-remaining')).toBeNull();
});

it('omits it with `rateLimitHeaders: false`', async () => {
  const simulator = await simulated({ rateLimitHeaders: false });
  const { status, headers } = await create(simulator);
  expect(status).toBe(201);
  expect([...headers.keys()].filter((name) => name.startsWith('ratelimit'))).toEqual([]);
});

it('refuses create requests above the limit, and names the wait', async () => {
  stoppedClock();
  const simulator = await simulated({ speed: 1, createPerMinute: 30, createBurst: 2, medianMs: 60_000 });
  const statuses = [];
  for (let made = 0; made < 4; made += 1) statuses.push((await create(simulator, {}, {})).status);
  const { body, headers } = await create(simulator, {}, {});
  expect(statuses).toEqual([201, 201, 429, 429]);
  expect(body).toEqual({
    status: 429,
    detail: 'Request was throttled. Your rate limit resets in ~2s.',
    retry_after: 2,
  });
  expect(headers.get('ratelimit-remaining')).toBe('0');
  expect(simulator.stats()).toMatchObject({
    created: 2,
    refused429: 3,
    requests: { create: 5 },
  });
});

it('refills the limit with time', async () => {
  const clock = stoppedClock();
  const simulator = await simulated({ createPerMinute: 6, createBurst: 1 });
  expect((await create(simulator, {}, {})).status).toBe(201);
  expect((await create(simulator, {}, {})).status).toBe(429);
  // At a speed of 100, a refill of ten seconds takes 100 ms.
  clock.pass(99);
  expect((await create(simulator, {}, {})).status).toBe(429);
  clock.pass(2);
  expect((await create(simulator, {}, {})).status).toBe(201);
});

it('limits create requests further when credit is low', async () => {
  stoppedClock();
  const simulator = await simulated({ speed: 1, creditUsd: 4.99, medianMs: 60_000 });
  expect((await create(simulator, {}, {})).status).toBe(201);
  const { status, body } = await create(simulator, {}, {});
  expect(status).toBe(429);
  expect(body.detail).toContain('6 requests per minute with a burst of 1');
  expect(body.retry_after).toBe(60 / 6);
});

it('counts calls by kind', async () => {
  const simulator = await simulated();
  const { body } = await create(simulator);
  await call(simulator, `/predictions/${body.id}`);
  await call(simulator, `/predictions/${body.id}/cancel`, { method: 'POST' });
  await call(simulator, '/predictions?created_after=2026-01-01T00:00:00Z');
  await call(simulator, '/models/google/imagen-4');
  await call(simulator, '/files');
  await call(simulator, '/hardware');
  expect(simulator.stats().requests).toEqual({
    create: 1,
    get: 1,
    list: 1,
    cancel: 1,
    model: 1,
    file: 1,
    other: 1,
  });
  expect(simulator.stats().apiRequests).toBe(7);
});
