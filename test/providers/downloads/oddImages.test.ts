import { hash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lastValueFrom } from 'rxjs';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { createDownloader } from '../../../src/providers/downloads/downloader.ts';
import { createRenderer } from '../../../src/renditions/renderer.ts';
import { localServer } from '../../helpers/localServer.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();

async function served(body: Uint8Array) {
  const { url } = await localServer((_request, response) =>
    response.writeHead(200, { 'content-length': body.length }).end(body),
  );
  const downloader = createDownloader({ isLocal: true });
  return () => lastValueFrom(downloader.download(`${url}/out`, { stem: join(folder(), 'cat') }));
}

const fetched = async (body: Uint8Array) => (await served(body))();

const photo = (options = {}, [width, height] = [300, 200]) =>
  sharp({
    create: {
      ...{ width, height, channels: 3, background: '#888' },
      noise: { type: 'gaussian', mean: 128, sigma: 40 },
    },
  })
    .jpeg(options)
    .toBuffer();

describe('a JPEG without its end marker', () => {
  it.each([
    ['of one scan', {}],
    ['of several scans', { progressive: true }],
  ])('is completed if nothing else is missing: one %s', async (_what, options) => {
    const whole = await photo(options);
    const file = await fetched(whole.subarray(0, -2));
    expect(file).toMatchObject({ format: 'jpeg', bytes: whole.length, widthPx: 300 });
    expect(await readFile(file.path)).toEqual(whole);
  });

  it.each([20, 200, 5_000])('is refused if %i bytes are missing before it', async (missing) => {
    const cut = (await photo()).subarray(0, -2 - missing);
    await expect(fetched(cut)).rejects.toMatchObject({ code: 'ERR_TRUNCATED' });
  });

  it.each([
    ['a marker alone', 'fffe'],
    ['a comment', 'fffe0100616263'],
    ['a segment of an application', 'ffe10100616263'],
    ['a table', 'ffc40100616263'],
  ])('is kept as it came, once it came twice, if its end is %s that is cut', async (_what, end) => {
    await isKept(Buffer.concat([(await photo()).subarray(0, -2), Buffer.from(end, 'hex')]));
  });

  it('is kept as it came if it is too large to wait in memory', async () => {
    const large = await photo({ quality: 100 }, [1_500, 1_500]);
    expect(large.length).toBeGreaterThan(2_000_000);
    await isKept(Buffer.concat([large.subarray(0, -2), Buffer.from('fffe', 'hex')]));
  });

  async function isKept(body: Buffer) {
    const tryIt = await served(body);
    await expect(tryIt()).rejects.toMatchObject({ code: 'ERR_TRUNCATED', kept: null });
    expect(await readdir(folder())).toEqual([]);
    const path = join(folder(), 'cat.damaged.jpg');
    const kept = { path, bytes: body.length, sha256: hash('sha256', body), format: 'jpeg' };
    await expect(tryIt()).rejects.toMatchObject({ name: 'DownloadError', code: 'ERR_TRUNCATED', kept });
    expect((await readFile(path)).equals(body)).toBe(true);
    expect(await readdir(folder())).toEqual(['cat.damaged.jpg']);
  }
});

it.each([
  [1, 300, 200],
  [3, 300, 200],
  [6, 200, 300],
  [8, 200, 300],
])('has the size at which an image of orientation %i is shown', async (orientation, widthPx, heightPx) => {
  const body = await sharp(await photo())
    .withMetadata({ orientation })
    .toBuffer();
  expect(await fetched(body)).toMatchObject({ widthPx, heightPx });
});

it.each([
  ['a long comment', `<?xml version="1.0"?>\n<!-- ${'made by a program '.repeat(12_000)} -->\n`],
  [
    'a DOCTYPE with entities',
    '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x" [<!ENTITY ns "http://a/">]>\n',
  ],
])('takes and draws an SVG behind %s', async (_what, preamble) => {
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="48"><rect width="64" height="48" fill="red"/></svg>';
  const file = await fetched(Buffer.from(preamble + svg));
  expect(file).toMatchObject({ format: 'svg', widthPx: 64, heightPx: 48 });
  const thumb = {
    name: 'thumb',
    widthPx: 32,
    heightPx: 24,
    fit: 'cover',
    format: 'png',
    quality: 80,
  } as const;
  const [drawn] = await lastValueFrom(createRenderer().render(file, [thumb], join(folder(), 'cat')));
  const { dominant } = await sharp(drawn?.path).stats();
  expect(dominant.r).toBeGreaterThan(200);
});
