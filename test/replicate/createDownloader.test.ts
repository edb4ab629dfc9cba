import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastValueFrom } from 'rxjs';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDownloader } from '../../src/replicate/createDownloader.ts';
import { localServer } from './localServer.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rxposure-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const picture = (format: 'png' | 'jpeg' | 'webp' | 'gif' | 'avif') =>
  sharp({ create: { width: 60, height: 40, channels: 3, background: '#c63' } })
    .toFormat(format)
    .toBuffer();
const fetchInto = (url: string, config = {}) =>
  lastValueFrom(createDownloader(config).download(url, { stem: join(folder, 'a', 'cat') }));
const filesThere = () => readdir(join(folder, 'a')).catch(() => []);

describe('a whole file', () => {
  it.each(['png', 'jpeg', 'webp', 'gif', 'avif'] as const)(
    'is saved under its true type, whatever it is called: %s',
    async (format) => {
      const body = await picture(format);
      const { url, requests } = await localServer((_request, response) =>
        response.writeHead(200, { 'content-length': body.length, 'content-type': 'text/plain' }).end(body),
      );
      const file = await fetchInto(`${url}/out.txt`);
      const extension = format === 'jpeg' ? 'jpg' : format;
      expect(file).toEqual({
        path: join(folder, 'a', `cat.${extension}`),
        bytes: body.length,
        sha256: createHash('sha256').update(body).digest('hex'),
        format,
        widthPx: 60,
        heightPx: 40,
      });
      expect(await readFile(file.path)).toEqual(body);
      expect(await filesThere()).toEqual([`cat.${extension}`]);
      expect(requests[0]?.headers.authorization).toBeUndefined();
    },
  );

  it('may be a data: URL or an SVG', async () => {
    const png = await picture('png');
    expect(await fetchInto(`data:image/png;base64,${png.toString('base64')}`)).toMatchObject({
      format: 'png',
      bytes: png.length,
    });
    const svg = '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="10" height="20"/>';
    expect(await fetchInto(`data:image/svg+xml,${encodeURIComponent(svg)}`)).toMatchObject({
      format: 'svg',
      widthPx: 10,
      heightPx: 20,
    });
  });

  it('may come without its length and after a redirect', async () => {
    const body = await picture('webp');
    const { url } = await localServer(({ url: path }, response) => {
      if (path === '/first') response.writeHead(302, { location: '/second' }).end();
      else response.writeHead(200).end(body);
    });
    expect(await fetchInto(`${url}/first`)).toMatchObject({ format: 'webp', bytes: body.length });
  });
});

describe('anything else is refused, and nothing stays behind', () => {
  const refused = async (answer: Parameters<typeof localServer>[0], config = {}) => {
    const { url } = await localServer(answer);
    const error = await fetchInto(`${url}/out.webp?signature=secret`, config).then(
      () => ({ code: 'saved', message: '' }),
      (reason) => reason,
    );
    expect(await filesThere()).toEqual([]);
    expect(error.message).not.toContain('secret');
    return error;
  };

  it('a body that is cut', async () => {
    const body = await picture('png');
    const cut = await refused((_request, response) => {
      response.writeHead(200, { 'content-length': body.length });
      response.write(body.subarray(0, 50), () => response.destroy());
    });
    expect(cut).toMatchObject({ name: 'DownloadError', code: 'ERR_DOWNLOAD_CUT', recoverable: true });
  });

  it.each(['png', 'jpeg', 'webp'] as const)(
    'a %s whose end is missing although the transfer was fine',
    async (format) => {
      const body = await picture(format);
      const error = await refused((_request, response) =>
        response.writeHead(200).end(body.subarray(0, body.length - 20)),
      );
      expect(error).toMatchObject({ code: 'ERR_TRUNCATED', recoverable: true });
    },
  );

  it.each([
    ['an empty file', '', 'ERR_EMPTY_OUTPUT', true],
    ['an HTML page', '<!doctype html><html><body>Sorry</body></html>', 'ERR_NOT_AN_IMAGE', true],
    ['JSON', '{"detail":"no"}', 'ERR_NOT_AN_IMAGE', true],
  ])('%s', async (_name, body, code, recoverable) => {
    expect(await refused((_request, response) => response.writeHead(200).end(body))).toMatchObject({
      code,
      recoverable,
    });
  });

  it.each([
    [404, 'ERR_OUTPUT_GONE', false],
    [410, 'ERR_OUTPUT_GONE', false],
    [403, 'ERR_DOWNLOAD_REFUSED', false],
    [500, 'ERR_DOWNLOAD_REFUSED', true],
    [429, 'ERR_DOWNLOAD_REFUSED', true],
  ])('%i', async (status, code, recoverable) => {
    expect(await refused((_request, response) => response.writeHead(status).end('no'))).toMatchObject({
      code,
      recoverable,
    });
  });

  it('one that is too large, told or not', async () => {
    const body = await picture('png');
    const told = await refused(
      (_request, response) => response.writeHead(200, { 'content-length': body.length }).end(body),
      { maxBytes: 100 },
    );
    const untold = await refused((_request, response) => response.writeHead(200).end(body), {
      maxBytes: 100,
    });
    expect(told).toMatchObject({ code: 'ERR_OUTPUT_TOO_LARGE', recoverable: false });
    expect(untold).toMatchObject({ code: 'ERR_OUTPUT_TOO_LARGE' });
  });

  it('one that claims to be absurdly large', async () => {
    const body = await picture('png');
    body.writeUInt32BE(60_000, 16);
    body.writeUInt32BE(60_000, 20);
    expect(await refused((_request, response) => response.writeHead(200).end(body))).toMatchObject({
      code: expect.stringMatching(/ERR_TOO_MANY_PIXELS|ERR_NOT_AN_IMAGE/),
    });
  });

  it('a server that says nothing for too long', async () => {
    const error = await refused(
      (_request, response) => {
        response.writeHead(200, { 'content-length': 1_000 });
        response.write('x');
      },
      { idleTimeoutMs: 30 },
    );
    expect(error).toMatchObject({ code: 'ERR_DOWNLOAD_CUT', recoverable: true });
  });

  it('a scheme that is none of ours', async () => {
    await expect(fetchInto('file:///etc/passwd')).rejects.toThrow();
    expect(await filesThere()).toEqual([]);
  });
});

it('says that it is the disk where it is the disk', async () => {
  await writeFile(join(folder, 'a'), 'a file where a folder should be');
  const body = await picture('png');
  const { url } = await localServer((_request, response) => response.writeHead(200).end(body));
  await expect(fetchInto(url)).rejects.toMatchObject({ name: 'StorageError' });
});

it('stops and cleans up when it is unsubscribed', async () => {
  let closed = false;
  const { url } = await localServer((_request, response) => {
    response.writeHead(200, { 'content-length': 1_000 });
    response.write('x');
    response.once('close', () => {
      closed = true;
    });
  });
  const subscription = createDownloader()
    .download(url, { stem: join(folder, 'a', 'cat') })
    .subscribe();
  await expect.poll(filesThere).toEqual(['cat.part']);
  subscription.unsubscribe();
  await expect.poll(filesThere).toEqual([]);
  await expect.poll(() => closed).toBe(true);
});
