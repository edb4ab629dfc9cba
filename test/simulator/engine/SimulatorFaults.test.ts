import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { FileFault } from '../../../src/simulator/index.ts';
import { call, create, finished, SCHNELL, simulated } from '../../helpers/simulated.ts';

/** Returns the value on the first call only, then null. */
function once<T>(value: T): () => T | null {
  let left = 1;
  return () => (left-- > 0 ? value : null);
}

it('makes nothing if a create request is reset before it takes effect', async () => {
  const simulator = await simulated({ faults: { beforeCreate: once({ type: 'reset' } as const) } });
  await expect(create(simulator)).rejects.toThrow('fetch failed');
  expect(simulator.stats().created).toBe(0);
  expect((await create(simulator)).status).toBe(201);
});

it('makes a prediction if a create request is reset after it took effect', async () => {
  const simulator = await simulated({ faults: { afterCreate: once({ type: 'reset' } as const) } });
  await expect(create(simulator)).rejects.toThrow('fetch failed');
  const { body } = await call(simulator, '/predictions');
  expect(body.results).toHaveLength(1);
  expect(await finished(simulator, body.results[0].id)).toMatchObject({ status: 'succeeded' });
});

it('sends another response, with its own body and headers', async () => {
  const html = {
    type: 'answer',
    status: 504,
    body: '<html>',
    headers: { 'content-type': 'text/html' },
  } as const;
  const simulator = await simulated({ faults: { afterCreate: once(html) } });
  const { status, headers, body } = await create(simulator);
  expect([status, headers.get('content-type'), body]).toEqual([504, 'text/html', '<html>']);
  expect(simulator.stats().created).toBe(1);
});

it('passes model and input of a create request', async () => {
  const wanted: unknown[] = [];
  const simulator = await simulated({
    faults: {
      beforeCreate: (request) => {
        wanted.push(request);
        return null;
      },
    },
  });
  await create(simulator, { seed: 5 });
  expect(wanted).toEqual([{ model: SCHNELL, input: { prompt: 'a red fox', seed: 5 } }]);
});

it('may not find a fresh prediction', async () => {
  const answer = { type: 'answer', status: 404, body: '{"detail":"Not found","status":404}' } as const;
  const simulator = await simulated({
    faults: { onGet: once(answer), onList: once({ type: 'reset' } as const) },
  });
  const { body } = await create(simulator, {}, {});
  expect((await call(simulator, `/predictions/${body.id}`)).status).toBe(404);
  expect((await call(simulator, `/predictions/${body.id}`)).status).toBe(200);
  await expect(call(simulator, '/predictions')).rejects.toThrow('fetch failed');
});

it('lists a prediction later than others, and finds it by its id at once', async () => {
  const lagsMs = new Map<unknown, number>([['a red fox', 3_600_000]]);
  const simulator = await simulated({
    faults: { listLagMs: ({ input }) => lagsMs.get(input.prompt) ?? null },
  });
  const { body: late } = await create(simulator);
  const { body: prompt } = await create(simulator, { prompt: 'a grey fox' });
  const listed = async () => {
    const { body } = await call(simulator, '/predictions');
    return body.results.map(({ id }: { id: string }) => id);
  };
  expect(await listed()).toEqual([prompt.id]);
  expect((await call(simulator, `/predictions/${late.id}`)).status).toBe(200);
  lagsMs.clear();
  expect(await listed()).toEqual([prompt.id, late.id]);
});

it('makes a second prediction if a proxy repeats a create request', async () => {
  const simulator = await simulated({ faults: { isRepeated: ({ serial }) => serial === 0 } });
  const { body: first } = await create(simulator);
  const { body: other } = await create(simulator);
  const { body } = await call(simulator, '/predictions');
  expect(body.results).toHaveLength(3);
  expect(body.results.map(({ id }: { id: string }) => id)).toEqual(
    expect.arrayContaining([first.id, other.id]),
  );
  for (const { id, input } of body.results) {
    expect(await finished(simulator, id)).toMatchObject({ status: 'succeeded', input });
  }
  expect(simulator.stats()).toMatchObject({ created: 3, billedMicroUsd: 3 * 3_000 });
});

it('shows another input than was sent', async () => {
  const simulator = await simulated({
    faults: { echo: ({ input }) => (input.seed === 5 ? { ...input, seed: '5', go_fast: true } : null) },
  });
  const { body: changed } = await create(simulator, { seed: 5 });
  const { body: plain } = await create(simulator, { seed: 6 });
  expect(changed.input).toEqual({ prompt: 'a red fox', seed: '5', go_fast: true });
  expect(plain.input).toEqual({ prompt: 'a red fox', seed: 6 });
  const { body } = await call(simulator, '/predictions');
  expect(body.results.map(({ input }: { input: { seed: unknown } }) => input.seed)).toEqual([6, '5']);
});

it('delays a response', async () => {
  const simulator = await simulated({ faults: { onGet: () => ({ type: 'delay', delayMs: 30 }) } });
  const { body } = await create(simulator);
  const startedAtMs = performance.now();
  expect((await call(simulator, `/predictions/${body.id}`)).status).toBe(200);
  expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(29);
});

it('ends predictions with errors, free of charge', async () => {
  const error = 'NSFW content detected';
  const simulator = await simulated({ faults: { onOutcome: once(error) } });
  const { status, body } = await create(simulator);
  expect(status).toBe(201);
  expect(body).toMatchObject({ status: 'failed', error, output: null });
  expect(body.metrics).not.toHaveProperty('image_count');
  expect(simulator.stats()).toMatchObject({ failed: 1, billedMicroUsd: 0, images: 0 });
});

it('fails a share of the predictions, always the same ones', async () => {
  const failuresOf = async (seed: number) => {
    const simulator = await simulated({ seed, medianMs: 0, faults: { predictionFailureRate: 0.3 } });
    const made = Array.from({ length: 60 }, () => create(simulator));
    const answers = await Promise.all(made);
    return answers.filter(({ body }) => body.status === 'failed').length;
  };
  const [first, again] = await Promise.all([failuresOf(4), failuresOf(4)]);
  expect(first).toBe(again);
  expect(first).toBeGreaterThan(60 * 0.15);
  expect(first).toBeLessThan(60 * 0.45);
});

async function download(fault: FileFault) {
  const simulator = await simulated({ faults: { onFile: once(fault) } });
  const { body } = await create(simulator);
  const response = await fetch(body.output[0]);
  const length = Number(response.headers.get('content-length'));
  return { response, length, again: async () => (await fetch(body.output[0])).arrayBuffer() };
}

it('cuts a download off', async () => {
  const { response, again } = await download({ type: 'cut', share: 0.5 });
  await expect(response.arrayBuffer()).rejects.toThrow('terminated');
  expect((await again()).byteLength).toBeGreaterThan(100);
});

it('ends a download early without an error', async () => {
  const { response, again } = await download({ type: 'truncate', share: 0.5 });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-length')).toBeNull();
  expect((await response.arrayBuffer()).byteLength).toBe(Math.floor((await again()).byteLength / 2));
});

it('stalls a download', async () => {
  const { response, length } = await download({ type: 'stall', share: 0.5 });
  const reader = response.body?.getReader();
  let bytes = 0;
  while (bytes < Math.floor(length / 2)) bytes += (await reader?.read())?.value?.length ?? Number.NaN;
  expect(bytes).toBe(Math.floor(length / 2));
  const more = reader?.read().then(() => 'more');
  expect(await Promise.race([more, sleep(200, 'nothing')])).toBe('nothing');
  await reader?.cancel();
});

it('sends a download slowly, but whole', async () => {
  const startedAtMs = performance.now();
  const { response, length, again } = await download({ type: 'slow', durationMs: 40 });
  const bytes = Buffer.from(await response.arrayBuffer());
  expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(39);
  expect(bytes.length).toBe(length);
  expect(bytes.equals(Buffer.from(await again()))).toBe(true);
});

it('resets a download', async () => {
  const simulator = await simulated({ faults: { onFile: once({ type: 'reset' } as const) } });
  const { body } = await create(simulator);
  await expect(fetch(body.output[0])).rejects.toThrow('fetch failed');
  expect((await fetch(body.output[0])).status).toBe(200);
});
