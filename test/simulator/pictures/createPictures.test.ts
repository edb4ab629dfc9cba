import { createServer } from 'node:http';
import sharp from 'sharp';
import { expect, it, onTestFinished } from 'vitest';
import type { Simulator, SimulatorConfig } from '../../../src/simulator/index.ts';
import { call, simulated } from '../../helpers/simulated.ts';

async function drawn(simulator: Simulator, model: string, input: object): Promise<Buffer> {
  const { body: shown } = await call(simulator, `/models/${model}`);
  const { body } = await call(simulator, '/predictions', {
    body: { version: shown.latest_version.id, input: { prompt: 'a red fox', ...input } },
    headers: { prefer: 'wait' },
  });
  const [url] = [body.output].flat();
  return Buffer.from(await (await fetch(url)).arrayBuffer());
}

// At a higher speed, the longest wait of a create request would end after a few milliseconds.
const full: SimulatorConfig = { render: 'full', speed: 500 };
const SCHNELL = 'black-forest-labs/flux-schnell';
const DEV = 'black-forest-labs/flux-dev';
/** A quarter of a megapixel: quicker to draw. */
const small = { megapixels: '0.25' };

function plain(colour: string): Promise<Buffer> {
  return sharp({ create: { width: 80, height: 40, channels: 3, background: colour } })
    .png()
    .toBuffer();
}

const asDataUrl = (bytes: Buffer) => `data:image/png;base64,${bytes.toString('base64')}`;

/** Returns the mean red, green and blue of a part of an image above its caption. */
async function colourOf(picture: Buffer, part: 'whole' | 'left' | 'right' = 'whole'): Promise<number[]> {
  const { width, height } = await sharp(picture).metadata();
  const half = Math.floor(width / 2);
  const area = {
    left: part === 'right' ? half : 0,
    top: 0,
    width: part === 'whole' ? width : half,
    height: Math.floor(height / 2),
  };
  const { channels } = await sharp(await sharp(picture).extract(area).toBuffer()).stats();
  return channels.slice(0, 3).map(({ mean }) => Math.round(mean));
}

it('draws a photo-sized megapixel of any shape in any format', async () => {
  const simulator = await simulated(full);
  const wide = await drawn(simulator, SCHNELL, { aspect_ratio: '16:9', output_format: 'jpg', seed: 1 });
  expect(await sharp(wide).metadata()).toMatchObject({
    format: 'jpeg',
    width: 1360,
    height: 768,
    channels: 3,
  });
  const square = await drawn(simulator, SCHNELL, { seed: 2 });
  expect(await sharp(square).metadata()).toMatchObject({ format: 'webp', width: 1024, height: 1024 });
  const sized = await drawn(simulator, 'stability-ai/sdxl', { width: 300, height: 260, seed: 3 });
  expect(await sharp(sized).metadata()).toMatchObject({ format: 'png', width: 300, height: 260 });
  for (const { length } of [wide, square]) {
    expect(length).toBeGreaterThan(60_000);
    expect(length).toBeLessThan(400_000);
  }
});

it('draws identical images for identical input, and different ones otherwise', async () => {
  const simulator = await simulated(full);
  const other = await simulated({ ...full, seed: 99 });
  const input = { ...small, seed: 7 };
  const first = await drawn(simulator, SCHNELL, input);
  expect((await drawn(other, SCHNELL, input)).equals(first)).toBe(true);
  const others = await Promise.all([
    drawn(simulator, SCHNELL, { ...input, prompt: 'a red hen' }),
    drawn(simulator, SCHNELL, { ...input, seed: 8 }),
    drawn(simulator, SCHNELL, { ...input, go_fast: false }),
    drawn(simulator, DEV, input),
  ]);
  for (const picture of others) expect(picture.equals(first)).toBe(false);
});

it('draws another image each time if there is no seed', async () => {
  const simulator = await simulated(full);
  const [first, second] = [await drawn(simulator, SCHNELL, small), await drawn(simulator, SCHNELL, small)];
  expect(first.equals(second)).toBe(false);
});

it.each(['a <b>red</b> & "green" fox \u0000 \uD800', '日本の庭 🦊 '.repeat(40), 'x'.repeat(5_000), ''])(
  'can write any prompt below it: %j',
  async (prompt) => {
    const simulator = await simulated(full);
    const picture = await drawn(simulator, SCHNELL, { ...small, prompt });
    expect(await sharp(picture).metadata()).toMatchObject({ width: 512, height: 512 });
  },
);

it('shows as much of an input image as `prompt_strength` leaves', async () => {
  const simulator = await simulated(full);
  const input = { ...small, seed: 4, image: asDataUrl(await plain('#ff0000')), aspect_ratio: '1:1' };
  const [redAt0 = [], redAt1 = []] = [
    await colourOf(await drawn(simulator, DEV, { ...input, prompt_strength: 0 })),
    await colourOf(await drawn(simulator, DEV, { ...input, prompt_strength: 1 })),
  ];
  expect(redAt0[0]).toBeGreaterThan(245);
  expect(redAt0[1]).toBeLessThan(15);
  expect(redAt1[1]).toBeGreaterThan(15);
});

it('puts several images side by side, in the shape of the first one', async () => {
  const simulator = await simulated(full);
  const images = [asDataUrl(await plain('#ff0000')), asDataUrl(await plain('#0000ff'))];
  const picture = await drawn(simulator, 'google/nano-banana', { image_input: images });
  expect(await sharp(picture).metadata()).toMatchObject({ format: 'jpeg', width: 1456, height: 720 });
  const [left = [], right = []] = [await colourOf(picture, 'left'), await colourOf(picture, 'right')];
  expect(left[0]! - left[2]!).toBeGreaterThan(100);
  expect(right[2]! - right[0]!).toBeGreaterThan(100);
});

it('accepts images that were uploaded, and images of other hosts, without sending a token there', async () => {
  const simulator = await simulated(full);
  const red = await plain('#ff0000');
  const form = new FormData();
  form.set('content', new Blob([new Uint8Array(red)], { type: 'image/png' }), 'red.png');
  const headers = { authorization: `Bearer ${simulator.token}` };
  const uploaded = await fetch(`${simulator.baseUrl}/files`, { method: 'POST', headers, body: form });
  const { urls } = JSON.parse(await uploaded.text());
  const tokens: unknown[] = [];
  const host = createServer((request, response) => {
    tokens.push(request.headers.authorization);
    response.end(red);
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void host.close());
  await new Promise((resolve) => host.once('listening', resolve));
  const address = host.address();
  const port = typeof address === 'object' ? address?.port : 0;
  for (const image of [urls.get, `http://127.0.0.1:${port}/red.png`]) {
    const picture = await drawn(simulator, DEV, { ...small, seed: 4, image, prompt_strength: 0 });
    expect((await colourOf(picture))[0]).toBeGreaterThan(245);
  }
  expect(tokens).toEqual([undefined]);
});

it('draws without an image that cannot be read', async () => {
  const simulator = await simulated(full);
  const image = 'data:image/png;base64,AAAA';
  const picture = await drawn(simulator, DEV, { ...small, seed: 4, image });
  expect(await sharp(picture).metadata()).toMatchObject({ width: 512, height: 512 });
});

it('draws each shape and format once for a load test', async () => {
  const simulator = await simulated({ render: 'fast' });
  const [first, second] = [await drawn(simulator, SCHNELL, { seed: 1 }), await drawn(simulator, SCHNELL, {})];
  expect(first.equals(second)).toBe(true);
  expect(await sharp(first).metadata()).toMatchObject({ format: 'webp', width: 64, height: 64 });
  const wide = await drawn(simulator, SCHNELL, { aspect_ratio: '21:9', output_format: 'png' });
  expect(await sharp(wide).metadata()).toMatchObject({ format: 'png', width: 64, height: 27 });
});
