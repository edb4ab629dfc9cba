import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { lastValueFrom } from 'rxjs';
import sharp from 'sharp';
import { beforeEach, expect, it } from 'vitest';
import type { RunSettings } from '../../../src/pipelines/run/settings.ts';
import { runToFolder } from '../../../src/pipelines/runToFolder.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import { parseRendition } from '../../../src/renditions/notation.ts';
import { planJobs } from '../../../src/sources/planning/planJobs.ts';
import type { Json, Outcome } from '../../../src/types.ts';
import { hurried } from '../../helpers/hurried.ts';
import { localServer, predictionAnswer, sendJson } from '../../helpers/localServer.ts';
import { tempFolder } from '../../helpers/tempFile.ts';

const flat = sharp({ create: { width: 60, height: 40, channels: 3, background: '#c63' } });
const frame = (background: string) =>
  sharp({ create: { width: 60, height: 40, channels: 3, background } })
    .png()
    .toBuffer();
const frames = await sharp([await frame('#c63'), await frame('#36c')], { join: { animated: true } })
  .gif()
  .toBuffer();
const svg =
  '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="40"><rect width="60" height="40" fill="#c63"/></svg>';
const files: Readonly<Record<string, Buffer>> = {
  // With a wrong extension.
  'png.webp': await flat.clone().png().toBuffer(),
  'jpeg.png': await flat.clone().jpeg().toBuffer(),
  'webp.jpg': await flat.clone().webp().toBuffer(),
  'avif.png': await flat.clone().avif().toBuffer(),
  'svg.webp': Buffer.from(svg),
  'mp4.webp': Buffer.from('\0\0\0\x18ftypisom\0\0\0\0isommp42\0\0\0\x08moov\0\0\0\x0cmdatfilm'),
  'animated.webp': await sharp(frames, { animated: true }).webp().toBuffer(),
  'animated.gif': frames,
  'mesh.glb': Buffer.concat([Buffer.from('glTF\x02\0\0\0'), Buffer.alloc(200)]),
  'words.txt': Buffer.from('a cat asleep'),
  'boxes.json': Buffer.from('[{"box":[0,0,1,1]}]'),
};

let folder = '';
beforeEach(async () => {
  folder = join(await tempFolder(), 'run');
});

/**
 * One job of a model whose output is made from the address of the files above; its requests to the
 * service are returned too. Its schema declares outputs as files, unless it is another.
 */
async function run(
  outputAt: (url: string) => Json,
  wishes: Partial<RunSettings> = {},
  outputSchema: Json = { type: 'string', format: 'uri' },
) {
  const schemas = { Input: { properties: {} }, Output: outputSchema };
  const model = { latest_version: { id: 'v', openapi_schema: { components: { schemas } } } };
  const { url, requests } = await localServer(({ url: path, method, headers }, response) => {
    const output = outputAt(`http://${headers.host}/out`);
    if (method === 'POST') return sendJson(response, 201, { ...predictionAnswer, output });
    if (path.startsWith('/v1/models')) return sendJson(response, 200, model);
    if (path.startsWith('/v1/predictions?')) return sendJson(response, 200, { results: [], next: null });
    if (path.startsWith('/v1')) return sendJson(response, 200, { ...predictionAnswer, output });
    const body = files[path.replace('/out/', '')];
    if (body === undefined) return response.writeHead(404).end();
    return response.writeHead(200, { 'content-length': body.length, 'content-type': 'image/png' }).end(body);
  });
  const provider = createReplicateProvider({
    token: `r8_${'0'.repeat(37)}`,
    baseUrl: `${url}/v1`,
    // Known, so that it is not asked for.
    service: 'replicate',
  });
  const jobs = [
    {
      index: 0,
      prompt: 'a cat',
      model: 'owner/name',
      version: null,
      input: { prompt: 'a cat' },
      tags: {},
      renditions: [parseRendition('thumb=8x8,png')],
    },
  ];
  const plans = () => planJobs(jobs, { organize: 'flat', date: '2026-11-23', priceOf: () => 1 });
  await lastValueFrom(runToFolder(plans, { folder, provider, scheduler: hurried(100), ...wishes }));
  const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
  const outcome: Outcome = manifest.outcomes[0];
  return { outcome, requests };
}

const summary = ({ files: saved }: Outcome) =>
  saved.map(({ role, path, format, width }) => `${role[0]} ${path} ${format} ${width ?? 'no picture'}`);

it.each<[string, (url: string) => Json, string[]]>([
  ['a text', (url) => `${url}/png.webp`, ['o 0001-a-cat.png png 60', 'r 0001-a-cat--thumb.png png 8']],
  [
    'a list of one',
    (url) => [`${url}/jpeg.png`],
    ['o 0001-a-cat.jpg jpeg 60', 'r 0001-a-cat--thumb.png png 8'],
  ],
  [
    'a list of several',
    (url) => [`${url}/webp.jpg`, `${url}/avif.png`, `${url}/svg.webp`],
    [
      'o 0001-a-cat.webp webp 60',
      'r 0001-a-cat--thumb.png png 8',
      'o 0001-a-cat--2.avif avif 60',
      'r 0001-a-cat--2--thumb.png png 8',
      'o 0001-a-cat--3.svg svg 60',
      'r 0001-a-cat--3--thumb.png png 8',
    ],
  ],
  [
    'an object with files and other things',
    (url) => ({
      seed: 7,
      picture: `${url}/png.webp`,
      caption: 'data: of a cat',
      parts: { film: `${url}/mp4.webp` },
    }),
    ['o 0001-a-cat.png png 60', 'r 0001-a-cat--thumb.png png 8', 'o 0001-a-cat--2.mp4 mp4 no picture'],
  ],
  [
    'moving pictures',
    (url) => [`${url}/animated.gif`, `${url}/animated.webp`],
    [
      'o 0001-a-cat.gif gif 60',
      'r 0001-a-cat--thumb.png png 8',
      'o 0001-a-cat--2.webp webp 60',
      'r 0001-a-cat--2--thumb.png png 8',
    ],
  ],
  [
    'data: URLs',
    () => [
      `data:;base64,${files['png.webp']?.toString('base64')}`,
      `data:image/png,${encodeURIComponent(svg)}`,
    ],
    [
      'o 0001-a-cat.png png 60',
      'r 0001-a-cat--thumb.png png 8',
      'o 0001-a-cat--2.svg svg 60',
      'r 0001-a-cat--2--thumb.png png 8',
    ],
  ],
  [
    'a file that is no image and does not claim to be one',
    (url) => [
      `${url}/mesh.glb`,
      `${url}/words.txt`,
      'data:application/json;base64,e30=',
      `${url}/boxes.json`,
    ],
    [
      'o 0001-a-cat.glb glb no picture',
      'o 0001-a-cat--2.txt txt no picture',
      'o 0001-a-cat--3.json json no picture',
      'o 0001-a-cat--4.json json no picture',
    ],
  ],
])('saves every file under its true type: %s', async (_what, outputAt, expected) => {
  const { outcome } = await run(outputAt, {}, { type: 'object' });
  expect(outcome.error).toBeUndefined();
  expect(summary(outcome)).toEqual(expected);
  for (const { path, bytes } of outcome.files) expect((await stat(join(folder, path))).size).toBe(bytes);
});

it('keeps an output that is JSON apart from its sidecar', async () => {
  const { outcome } = await run((url) => `${url}/boxes.json`, {}, { type: 'string' });
  expect(outcome.files).toHaveLength(1);
  expect(await readFile(join(folder, '0001-a-cat.json'))).toEqual(files['boxes.json']);
  expect(JSON.parse(await readFile(join(folder, '0001-a-cat.sidecar.json'), 'utf8'))).toEqual(outcome);
});

it('saves no text of a model whose schema says nothing of texts, and asks for the schema once', async () => {
  const data = 'data:application/json,{}';
  const { outcome, requests } = await run(() => data);
  expect(outcome).toMatchObject({
    status: 'failed',
    files: [{ role: 'kept', name: 'unrecognised', path: '0001-a-cat.unrecognised', bytes: 2 }],
    error: { code: 'ERR_NOT_AN_IMAGE', recoverable: false },
  });
  expect(await readFile(join(folder, '0001-a-cat.unrecognised'), 'utf8')).toBe('{}');
  expect(requests.filter(({ url }) => url === '/v1/models/owner/name')).toHaveLength(1);
});

it.each<[string, Json, string]>([
  ['a text', 'A cat, asleep.', 'got the text "A cat, asleep."'],
  ['a text piece by piece', ['A ', 'cat'], 'got the text "A cat"'],
  ['a text about URLs', 'https://example.com is where cats live', 'got the text "https://example.com is'],
  ['an object', { caption: 'a cat', seed: 7 }, 'got an object without files: caption, seed'],
  ['numbers', [1, 2], 'got a list of 2 values without files'],
  ['nothing', null, 'got nothing'],
  ['an empty list', [], 'got an empty list'],
])('reports the output that came instead of files: %s', async (_what, output, message) => {
  const { outcome, requests } = await run(() => output);
  expect(outcome).toMatchObject({
    status: 'failed',
    files: [],
    attempts: 1,
    error: { code: 'ERR_NO_OUTPUT' },
  });
  expect(outcome.error?.message).toContain(message);
  expect(outcome.error?.suggestion).toContain(predictionAnswer.id);
  expect(requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
});

it('keeps two megabytes of output data in the file alone', async () => {
  const noise = { type: 'gaussian', mean: 128, sigma: 50 } as const;
  const picture = await sharp({ create: { width: 900, height: 900, channels: 3, background: '#000', noise } })
    .png()
    .toBuffer();
  expect(picture.length).toBeGreaterThan(2_000_000);
  const { outcome } = await run(() => [`data:image/png;base64,${picture.toString('base64')}`], {
    provenance: 'none',
  });
  expect(await readFile(join(folder, '0001-a-cat.png'))).toEqual(picture);
  expect(outcome.files[0]).toMatchObject({ bytes: picture.length });
  for (const name of (await readdir(folder)).filter((entry) => entry !== '0001-a-cat.png')) {
    expect((await stat(join(folder, name))).size, name).toBeLessThan(150_000);
  }
});

it('never runs what is in an SVG, and draws nothing that it refers to', async () => {
  await run((url) => [`${url}/png.webp`]);
  const evil = (url: string) =>
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="60" height="40">
      <script>fetch("${url}/script")</script>
      <image xlink:href="${url}/jpeg.png" width="60" height="40"/>
      <image href="${join(folder, '0001-a-cat.png')}" width="60" height="40"/>
      <image href="file://${join(folder, '0001-a-cat.png')}" width="60" height="40"/>
      <image href="0001-a-cat.png" width="60" height="40"/></svg>`;
  folder = join(folder, 'again');
  const { outcome, requests } = await run((url) => `data:image/svg+xml,${encodeURIComponent(evil(url))}`);
  expect(summary(outcome)).toEqual(['o 0001-a-cat.svg svg 60', 'r 0001-a-cat--thumb.png png 8']);
  // The closing look asks for the times of the prediction.
  const asked = requests.filter(
    ({ method, url }) => method !== 'POST' && !/\/v1\/predictions(\?|$)/.test(url),
  );
  expect(asked).toEqual([]);
  const { channels } = await sharp(join(folder, '0001-a-cat--thumb.png')).ensureAlpha().stats();
  expect(channels[3]?.max).toBe(0);
});
