import { expect, it, onTestFinished, vi } from 'vitest';
import { startSimulator } from '../../src/simulator/index.ts';
import { call, create, finished, SCHNELL, simulated } from '../helpers/simulated.ts';
import { stoppedClock } from '../helpers/stoppedClock.ts';

it('runs as many predictions as there are slots, the others wait as starting', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const simulator = await simulated({ slots: 2, medianMs: 40_000, sigma: 0 });
  const made = await Promise.all([1, 2, 3, 4].map((seed) => create(simulator, { seed }, {})));
  const statuses = made.map(({ body }) => body.status);
  expect(statuses.filter((status) => status === 'processing')).toHaveLength(2);
  expect(statuses.filter((status) => status === 'starting')).toHaveLength(2);
  expect(simulator.stats()).toMatchObject({ inFlight: 4, maxInFlight: 4 });
  for (const succeeded of [2, 4]) {
    vi.advanceTimersByTime(40_000 / 100);
    await expect.poll(() => simulator.stats().succeeded).toBe(succeeded);
  }
  const ended = await Promise.all(made.map(({ body }) => finished(simulator, body.id)));
  expect(ended.map(({ status }) => status)).toEqual(Array.from({ length: 4 }, () => 'succeeded'));
  // The last two have waited for the first two: their wait does not count as run time.
  const totals = ended.map(({ metrics }) => metrics.total_time).toSorted((a, b) => a - b);
  expect(totals).toEqual([40.01, 40.01, 80.01, 80.01]);
  expect(ended.map(({ metrics }) => metrics.predict_time)).toEqual([40, 40, 40, 40]);
  expect(simulator.stats()).toMatchObject({ inFlight: 0, created: 4, succeeded: 4 });
});

it('gives a slot to the next one when a waiting or a running prediction is canceled', async () => {
  const simulator = await simulated({ slots: 1, medianMs: 6_000_000, sigma: 0 });
  const running = await create(simulator, { seed: 1 }, {});
  const waiting = await create(simulator, { seed: 2 }, {});
  const next = await create(simulator, { seed: 3 }, {});
  await call(simulator, `/predictions/${waiting.body.id}/cancel`, { method: 'POST' });
  await call(simulator, `/predictions/${running.body.id}/cancel`, { method: 'POST' });
  expect((await call(simulator, `/predictions/${next.body.id}`)).body.status).toBe('processing');
});

it('takes the median from the model, the config, or its entry in `durations`, in rising order', async () => {
  const timeWith = async (config: object) => {
    const simulator = await simulated({ sigma: 0, speed: 10_000, ...config });
    return (await create(simulator)).body.metrics.predict_time;
  };
  expect(await timeWith({})).toBe(0.8);
  expect(await timeWith({ medianMs: 2_000 })).toBe(2);
  expect(await timeWith({ medianMs: 2_000, durations: { [SCHNELL]: { medianMs: 3_000 } } })).toBe(3);
});

it('spreads run times around the median, the same ones for the same seed', async () => {
  const timesWith = async (seed: number) => {
    const simulator = await simulated({ seed, sigma: 0.5, medianMs: 100, speed: 10_000 });
    const times: number[] = [];
    for (let made = 0; made < 41; made += 1) times.push((await create(simulator)).body.metrics.predict_time);
    return times;
  };
  const times = await timesWith(1);
  expect(await timesWith(1)).toEqual(times);
  expect(await timesWith(2)).not.toEqual(times);
  const median = times.sort((a, b) => a - b)[20]!;
  expect(median).toBeGreaterThan(0.07);
  expect(median).toBeLessThan(0.14);
  expect(times[40]! / times[0]!).toBeGreaterThan(2);
});

it('starts some cold machines', async () => {
  const waitedS = async (coldStarts: boolean | number) => {
    const simulator = await simulated({ coldStarts, medianMs: 100, sigma: 0 });
    const { metrics } = (await create(simulator)).body;
    return metrics.total_time - metrics.predict_time;
  };
  expect(await waitedS(1)).toBeGreaterThan(1.5);
  expect(await waitedS(0)).toBeLessThan(1.5);
  // Official models are always warm.
  expect(await waitedS(true)).toBeLessThan(1.5);
});

it('bills community models by the second, including canceled predictions', async () => {
  const simulator = await simulated({ medianMs: 4_000, sigma: 0 });
  const { body: model } = await call(simulator, '/models/stability-ai/sdxl');
  const body = { version: model.latest_version.id, input: { prompt: 'a red fox' } };
  await call(simulator, '/predictions', { body, headers: { prefer: 'wait' } });
  expect(simulator.stats().billedMicroUsd).toBe(4 * 975);
  const clock = stoppedClock();
  const slow = await simulated({ medianMs: 6_000_000 });
  const { body: second } = await call(slow, '/predictions', { body });
  clock.pass(20);
  await call(slow, `/predictions/${second.id}/cancel`, { method: 'POST' });
  expect(slow.stats()).toMatchObject({ canceled: 1, billedMicroUsd: 2 * 975 });
});

it('frees both ports when it is closed, even while predictions run', async () => {
  const first = await startSimulator({ medianMs: 60_000 });
  await create(first, {}, {});
  const { port } = new URL(first.baseUrl);
  const { port: filesPort } = new URL(first.filesUrl);
  await first.close();
  const second = await simulated({ port: Number(port), filesPort: Number(filesPort) });
  expect(second.baseUrl).toBe(first.baseUrl);
  expect((await call(second, '/predictions')).body.results).toEqual([]);
});

it('rejects if a port is in use', async () => {
  const first = await simulated();
  const port = Number(new URL(first.baseUrl).port);
  await expect(startSimulator({ port })).rejects.toThrow('EADDRINUSE');
});

it('works through thousands of create requests without an image for each', async () => {
  const simulator = await simulated({ medianMs: 10, createPerMinute: 1_000_000 });
  const COUNT = 600;
  const ids = new Set<string>();
  const work = async () => {
    while (simulator.stats().created < COUNT) {
      const { body } = await create(simulator);
      ids.add(body.id);
      await (await fetch(body.output[0])).arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: 20 }, work));
  expect(ids.size).toBe(simulator.stats().succeeded);
  expect(simulator.stats()).toMatchObject({ inFlight: 0, refused429: 0, downloads: ids.size });
});
