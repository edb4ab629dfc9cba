import sharp from 'sharp';
import { expect, it } from 'vitest';
import { create, simulated } from '../helpers/simulated.ts';

it('serves whole images from another port, without credentials', async () => {
  const simulator = await simulated();
  const { body } = await create(simulator, { num_outputs: 2, aspect_ratio: '16:9' });
  const [first, second] = body.output;
  expect(first).toBe(`${simulator.filesUrl}/xezq/${body.id}/out-0.webp`);
  expect(second).toBe(`${simulator.filesUrl}/xezq/${body.id}/out-1.webp`);
  expect(new URL(first).host).not.toBe(new URL(simulator.baseUrl).host);
  const response = await fetch(first);
  const bytes = Buffer.from(await response.arrayBuffer());
  expect(response.headers.get('content-type')).toBe('image/webp');
  expect(response.headers.get('content-length')).toBe(String(bytes.length));
  expect(await sharp(bytes).metadata()).toMatchObject({ format: 'webp', width: 64, height: 36 });
  expect(simulator.stats()).toMatchObject({ downloads: 1, tokensAtFileHost: 0, apiRequests: 1 });
});

it.each([
  ['bytes=0-9', 206, 10, 'bytes 0-9/'],
  ['bytes=10-', 206, -10, 'bytes 10-'],
  ['bytes=-7', 206, 7, 'bytes '],
  ['bytes=999999-', 416, 0, 'bytes */'],
])('responds to the range %s with %i', async (range, status, length, contentRange) => {
  const simulator = await simulated();
  const { body } = await create(simulator);
  const whole = Buffer.from(await (await fetch(body.output[0])).arrayBuffer());
  const response = await fetch(body.output[0], { headers: { range } });
  const part = Buffer.from(await response.arrayBuffer());
  expect(response.status).toBe(status);
  expect(response.headers.get('content-range')).toContain(contentRange);
  expect(part.length).toBe(length < 0 ? whole.length + length : length);
  expect(whole.includes(part)).toBe(true);
});

it('counts downloads that carry credentials', async () => {
  const simulator = await simulated();
  const { body } = await create(simulator);
  const headers = { authorization: `Bearer ${simulator.token}` };
  expect((await fetch(body.output[0], { headers })).status).toBe(200);
  expect(simulator.stats().tokensAtFileHost).toBe(1);
});

it('has no other files', async () => {
  const simulator = await simulated();
  const { body } = await create(simulator);
  const paths = [`${body.id}/out-1.webp`, `${body.id}/out-0.png`, `${body.id}/webp`, 'nobody/out-0.webp'];
  const answers = await Promise.all(paths.map((path) => fetch(`${simulator.filesUrl}/xezq/${path}`)));
  expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
});
