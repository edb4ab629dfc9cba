import { expect, it } from 'vitest';
import { call, create, finished, SCHNELL, simulated } from '../../helpers/simulated.ts';

const DEV = 'black-forest-labs/flux-dev';

it('holds the response back until the output is there', async () => {
  const simulator = await simulated();
  const { status, headers, body } = await create(simulator, { num_outputs: 2 }, { prefer: 'wait=10' });
  expect(status).toBe(201);
  expect(headers.get('preference-applied')).toBe('wait=10');
  expect(headers.get('location')).toBeNull();
  expect(body).toMatchObject({ status: 'succeeded', metrics: { image_count: 2 } });
  expect(body.output).toHaveLength(2);
  expect(body.metrics.total_time).toBeGreaterThan(body.metrics.predict_time);
  expect(simulator.stats()).toMatchObject({ apiRequests: 1, images: 2, billedMicroUsd: 2 * 3_000 });
});

it('responds with 202 when the wait is over first', async () => {
  const simulator = await simulated({ medianMs: 30_000, sigma: 0 });
  const { status, body } = await create(simulator, {}, { prefer: 'wait=1' });
  expect(status).toBe(202);
  expect(body).toMatchObject({ status: 'processing', output: null });
  expect(body).toHaveProperty('started_at');
  expect(await finished(simulator, body.id)).toMatchObject({ status: 'succeeded' });
});

it.each(['respond-async', 'wait=0', 'wait=abc'])('does not wait for `Prefer: %s`', async (prefer) => {
  const simulator = await simulated({ medianMs: 6_000_000 });
  const { status, headers, body } = await create(simulator, {}, { prefer });
  expect([status, body.status, body.output]).toEqual([201, 'processing', null]);
  expect(headers.get('preference-applied')).toBeNull();
  expect(headers.get('location')).toBe(body.urls.get);
});

it('may contain the whole output while the status is still processing', async () => {
  const simulator = await simulated({ earlyOutputRate: 1 });
  const { status, body } = await create(simulator);
  expect(status).toBe(201);
  expect(body.status).toBe('processing');
  expect(body.output).toHaveLength(1);
  expect(body).not.toHaveProperty('completed_at');
  expect(body).not.toHaveProperty('metrics');
  const { body: later } = await call(simulator, `/predictions/${body.id}`);
  expect(later).toMatchObject({ status: 'succeeded', output: body.output, metrics: { image_count: 1 } });
});

it('continues a prediction whose client has disconnected', async () => {
  const simulator = await simulated({ slots: 1, durations: { [DEV]: { medianMs: 6_000_000 } } });
  // Takes the only slot, so that the other does not end before its client disconnects.
  const { body: first } = await call(simulator, `/models/${DEV}/predictions`, {
    body: { input: { prompt: 'a red hen' } },
  });
  const leaving = new AbortController();
  const answer = call(simulator, `/models/${SCHNELL}/predictions`, {
    body: { input: { prompt: 'a red fox' } },
    headers: { prefer: 'wait' },
    signal: leaving.signal,
  });
  await expect.poll(() => simulator.stats().created).toBe(2);
  leaving.abort();
  await expect(answer).rejects.toThrow('aborted');
  expect(simulator.stats()).toMatchObject({ inFlight: 2 });
  const { body } = await call(simulator, '/predictions');
  await call(simulator, `/predictions/${first.id}/cancel`, { method: 'POST' });
  expect(await finished(simulator, body.results[0].id)).toMatchObject({ status: 'succeeded' });
});

it('releases waiting clients when it is closed', async () => {
  const simulator = await simulated({ medianMs: 6_000_000 });
  const answer = create(simulator).then(
    ({ status }) => status,
    () => 'cut off',
  );
  await expect.poll(() => simulator.stats().created).toBe(1);
  await simulator.close();
  expect([202, 'cut off']).toContain(await answer);
});
