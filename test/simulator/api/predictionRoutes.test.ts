import { expect, it } from 'vitest';
import { call, create, simulated } from '../../helpers/simulated.ts';
import { stoppedClock } from '../../helpers/stoppedClock.ts';

it('shows a prediction, and 404 without a title for an unknown one', async () => {
  const simulator = await simulated();
  const { body: created } = await create(simulator, { seed: 3 });
  const { status, body } = await call(simulator, `/predictions/${created.id}`);
  expect(status).toBe(200);
  expect(body).toEqual(created);
  expect(body.logs).toBe('Using seed: 3\n');
  const missing = await call(simulator, '/predictions/00000000000000000000000000');
  expect(missing.status).toBe(404);
  expect(Object.keys(missing.body).sort()).toEqual(['detail', 'status']);
});

it('cancels a running prediction, in another shape, but not an ended one', async () => {
  const simulator = await simulated({ medianMs: 6_000_000 });
  const { body: created } = await create(simulator, {}, {});
  const { status, body } = await call(simulator, `/predictions/${created.id}/cancel`, { method: 'POST' });
  expect(status).toBe(200);
  expect(body).toMatchObject({ id: created.id, status: 'canceled', logs: null, webhook_completed: null });
  expect(body.metrics).toEqual({ predict_time: expect.any(Number), total_time: expect.any(Number) });
  expect(Object.keys(body).slice(0, 3)).not.toEqual(Object.keys(created).slice(0, 3));
  expect(simulator.stats()).toMatchObject({ canceled: 1, inFlight: 0, images: 0 });

  const quick = await simulated();
  const { body: done } = await create(quick);
  const { body: still } = await call(quick, `/predictions/${done.id}/cancel`, { method: 'POST' });
  expect(still).toMatchObject({ status: 'succeeded', output: done.output });
});

it('accepts the empty JSON body that clients send to cancel', async () => {
  const simulator = await simulated();
  const { body } = await create(simulator);
  const headers = { 'content-type': 'application/json' };
  const { status } = await call(simulator, `/predictions/${body.id}/cancel`, { method: 'POST', headers });
  expect(status).toBe(200);
});

it('lists predictions, newest first, a hundred a page, without logs', async () => {
  const simulator = await simulated({ medianMs: 0 });
  const ids: string[] = [];
  for (let made = 0; made < 101; made += 1) ids.push((await create(simulator, {}, {})).body.id);
  const { body: first } = await call(simulator, '/predictions');
  expect(first.results).toHaveLength(100);
  expect(first.previous).toBeNull();
  expect(first.next.startsWith(`${simulator.baseUrl}/predictions?cursor=`)).toBe(true);
  expect(first.results[0]).toMatchObject({ id: ids.at(-1), input: { prompt: 'a red fox' }, source: 'api' });
  expect(first.results[0]).not.toHaveProperty('logs');
  const { body: second } = await call(simulator, first.next);
  expect(second.next).toBeNull();
  expect([...first.results, ...second.results].map(({ id }) => id)).toEqual(ids.reverse());
  expect(simulator.stats().requests.list).toBe(2);
});

it('lists from one moment to another', async () => {
  const clock = stoppedClock();
  const simulator = await simulated({ medianMs: 60_000 });
  const { body: old } = await create(simulator, {}, {});
  clock.pass(1);
  const middle = new Date().toISOString();
  const { body: young } = await create(simulator, {}, {});
  const idsWith = async (query: string) =>
    (await call(simulator, `/predictions?${query}`)).body.results.map(({ id }: { id: string }) => id);
  expect(await idsWith(`created_after=${middle}`)).toEqual([young.id]);
  expect(await idsWith(`created_before=${middle}`)).toEqual([old.id]);
  expect((await call(simulator, '/predictions?created_after=yesterday')).status).toBe(400);
  expect((await call(simulator, '/predictions?cursor=xyz')).status).toBe(400);
});

it('removes input, output and files after their lifetime, but not the record', async () => {
  const clock = stoppedClock();
  const simulator = await simulated({ outputLifetimeMs: 40, medianMs: 0 });
  const { body } = await create(simulator);
  expect(body.data_removed).toBe(false);
  clock.pass(39);
  expect((await fetch(body.output[0])).status).toBe(200);
  clock.pass(1);
  const { body: later } = await call(simulator, `/predictions/${body.id}`);
  expect(later).toMatchObject({ status: 'succeeded', data_removed: true, output: null, input: {}, logs: '' });
  expect((await fetch(body.output[0])).status).toBe(404);
});
