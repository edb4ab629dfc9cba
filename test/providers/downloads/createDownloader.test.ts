import { createHash, hash, pbkdf2, randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { crc32, deflateSync } from 'node:zlib';
import { lastValueFrom } from 'rxjs';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDownloader } from '../../../src/providers/downloads/downloader.ts';
import { receiveFile } from '../../../src/providers/downloads/receiveFile.ts';
import type { DownloadTarget } from '../../../src/types.ts';
import { localServer } from '../../helpers/localServer.ts';
import { silentPort } from '../../helpers/rawServer.ts';
import { untrustedServer } from '../../helpers/untrustedServer.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rxposure-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const picture = (format: 'png' | 'jpeg' | 'webp' | 'gif' | 'avif') =>
  sharp({ create: { width: 60, height: 40, channels: 3, background: '#c63' } })
    .toFormat(format)
    .toBuffer();
/** A TIFF of 300 x 200 grey pixels in one strip, and behind it its directory. */
function bigEndianTiff(): Buffer {
  const pixels = randomBytes(300 * 200);
  const fields = [
    ...[
      [256, 300],
      [257, 200],
      [258, 8],
      [259, 1],
      [262, 1],
      [273, 8],
      [277, 1],
      [278, 200],
      [279, pixels.length],
    ],
  ].map(([tag = 0, value = 0]) => {
    const field = Buffer.alloc(12);
    field.writeUInt16BE(tag, 0);
    field.writeUInt16BE(4, 2);
    field.writeUInt32BE(1, 4);
    field.writeUInt32BE(value, 8);
    return field;
  });
  const start = Buffer.from('MM\0*\0\0\0\0', 'latin1');
  start.writeUInt32BE(8 + pixels.length, 4);
  return Buffer.concat([start, pixels, Buffer.of(0, fields.length), ...fields, Buffer.alloc(4)]);
}

/** A whole PNG of black pixels, a bit each. */
function hugePng(sidePx: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const typed = Buffer.concat([Buffer.from(type), data]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(data.length, 0);
    ends.writeUInt32BE(crc32(typed), 4);
    return Buffer.concat([ends.subarray(0, 4), typed, ends.subarray(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(sidePx, 0);
  header.writeUInt32BE(sidePx, 4);
  header.writeUInt8(1, 8);
  const rows = Buffer.alloc(sidePx * (1 + sidePx / 8));
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows, { level: 1 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const fetchInto = (url: string, config = {}, target: Partial<DownloadTarget> = {}) =>
  lastValueFrom(
    createDownloader({ isLocal: true, ...config }).download(url, {
      stem: join(folder, 'a', 'cat'),
      ...target,
    }),
  );
const filesThere = () => readdir(join(folder, 'a')).catch(() => []);

describe('a whole file', () => {
  it.each(['png', 'jpeg', 'webp', 'gif', 'avif'] as const)(
    'is saved under its true type, regardless of its name: %s',
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

  it('may be a TIFF whose directory stands at its end, in either byte order', async () => {
    const raw = { width: 300, height: 200, channels: 3 } as const;
    const little = await sharp(randomBytes(300 * 200 * 3), { raw })
      .tiff({ compression: 'none' })
      .toBuffer();
    expect(little.readUInt32LE(4)).toBeGreaterThan(100_000);
    for (const body of [little, bigEndianTiff()]) {
      const { url } = await localServer((_request, response) => response.writeHead(200).end(body));
      expect(await fetchInto(`${url}/out-0.tiff`)).toMatchObject({
        path: join(folder, 'a', 'cat.tif'),
        format: 'tif',
        widthPx: 300,
        heightPx: 200,
      });
    }
  });

  it('may be larger than any memory: only its header is decoded', async () => {
    const body = hugePng(20_000);
    const { url } = await localServer((_request, response) => response.writeHead(200).end(body));
    expect(await fetchInto(`${url}/out.png`)).toMatchObject({ widthPx: 20_000, heightPx: 20_000 });
    expect(await readFile(join(folder, 'a', 'cat.png'))).toEqual(body);
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

describe('a file that is no image', () => {
  const zip = Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(100)]);

  it.each([
    ['out.zip', zip, 'cat.zip'],
    ['out', zip, 'cat.zip'],
    ['out.JSON?x=.png', '{"detail":"a cat"}', 'cat.json'],
    ['out.npy', '\x93NUMPY', 'cat.npy'],
  ])('is accepted if it does not claim to be one: %s', async (name, body, saved) => {
    const { url } = await localServer((_request, response) => response.writeHead(200).end(body));
    const mayBeText = async () => true;
    expect(await fetchInto(`${url}/${name}`, {}, { mayBeText })).toMatchObject({
      widthPx: null,
      heightPx: null,
    });
    expect(await filesThere()).toEqual([saved]);
  });

  it.each([
    ['out.json', '{"detail":"not found"}', 'a text without a type'],
    ['out.zip', '{"detail":"not found"}', 'a text without a type'],
    ['out.txt', 'Try again later', 'a text without a type'],
    ['out.txt', Buffer.from('Réessayez', 'latin1'), 'a text without a type'],
    ['out.txt', Buffer.from('\ufeffRéessayez', 'utf16le'), 'a text without a type'],
    ['out.xml', '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', 'application/xml'],
    ['out', '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', 'application/xml'],
    ['mesh.obj', '{"detail":"not found"}', 'a text without a type'],
  ])('is refused if it is a text and the model emits none: %s %s', async (name, body, got) => {
    const { url } = await localServer((_request, response) => response.writeHead(200).end(body));
    for (const target of [{}, { mayBeText: async () => false }]) {
      await expect(fetchInto(`${url}/${name}`, {}, target)).rejects.toMatchObject({
        code: 'ERR_NOT_AN_IMAGE',
        message: `Expected an image, got ${got}`,
      });
    }
    expect(await filesThere()).toEqual([]);
  });

  it('may be a mesh in text, and a page is never kept', async () => {
    const { url } = await localServer(({ url: path }, response) =>
      response.writeHead(200).end(path === '/mesh.obj' ? '# a cube\nv 0 0 0\n' : '<html>Try again</html>'),
    );
    expect(await fetchInto(`${url}/mesh.obj`)).toMatchObject({ format: 'obj' });
    const mayBeText = async () => true;
    await expect(fetchInto(`${url}/out.txt`, {}, { mayBeText })).rejects.toMatchObject({
      code: 'ERR_NOT_AN_IMAGE',
    });
  });

  it.each([
    ['out.webp', zip, 'application/zip'],
    ['out.png', 'upstream error', 'a text without a type'],
    ['out', '{"detail":"a cat"}', 'a text without a type'],
    ['out.part', 'a cat', 'a text without a type'],
    ['out.txt', '<!doctype html><p>Try again later</p>', 'an HTML page'],
    ['out.html', 'Try again later', 'a text without a type'],
    ['out.mp4', Buffer.from([0xff, 0, 0xfe]), 'something without a type'],
  ])('is refused under the name of one, or without a type: %s', async (name, body, got) => {
    const { url } = await localServer((_request, response) => response.writeHead(200).end(body));
    await expect(fetchInto(`${url}/${name}`)).rejects.toMatchObject({
      code: 'ERR_NOT_AN_IMAGE',
      message: `Expected an image, got ${got}`,
    });
    expect(await filesThere()).toEqual([]);
  });
});

describe('a file that continues after its end', () => {
  const serve = async (body: Buffer) => {
    const { url } = await localServer((_request, response) => response.writeHead(200).end(body));
    return url;
  };
  const trailing = Buffer.alloc(200, 'x');

  it.each(['png', 'jpeg'] as const)('is accepted if the image is whole: %s', async (format) => {
    const body = Buffer.concat([await picture(format), trailing]);
    expect(await fetchInto(await serve(body))).toMatchObject({ format, bytes: body.length });
  });

  it.each(['png', 'jpeg'] as const)('is refused if a part of the image is missing: %s', async (format) => {
    const raw = { width: 200, height: 200, channels: 3 } as const;
    const whole = await sharp(randomBytes(200 * 200 * 3), { raw })
      .toFormat(format)
      .toBuffer();
    const body = whole.subarray(0, whole.length - 2_000);
    await expect(fetchInto(await serve(body))).rejects.toMatchObject({ code: 'ERR_TRUNCATED' });
    expect(await filesThere()).toEqual([]);
  });

  it('is refused if no length was declared and the format has no end: avif', async () => {
    const whole = await picture('avif');
    const body = whole.subarray(0, whole.length - 10);
    await expect(fetchInto(await serve(body))).rejects.toMatchObject({ code: 'ERR_TRUNCATED' });
  });
});

describe('a file that is not whole', () => {
  it.each([
    ['cut', 'ERR_TRUNCATED', (body: Buffer) => body.subarray(0, body.length - 20)],
    ['damaged', 'ERR_DAMAGED', (body: Buffer) => body.fill(0xff, 50, 52)],
  ])('is kept if it comes again as it was: %s', async (_, code, spoil) => {
    const body = spoil(await picture('png'));
    const { url } = await localServer((_request, response) => response.writeHead(200).end(body));
    const downloader = createDownloader({ isLocal: true });
    const stem = join(folder, 'a', 'cat');
    const fetchAgain = () => lastValueFrom(downloader.download(`${url}/out.png`, { stem }));
    await expect(fetchAgain()).rejects.toMatchObject({ code });
    expect(await filesThere()).toEqual([]);
    for (const _time of ['second', 'third']) {
      await expect(fetchAgain()).rejects.toMatchObject({
        name: 'DownloadError',
        code,
        message: expect.stringMatching(/\. It came twice, and is kept as cat\.damaged\.png$/),
        recoverable: true,
      });
      expect(await filesThere()).toEqual(['cat.damaged.png']);
    }
    expect(await readFile(join(folder, 'a', 'cat.damaged.png'))).toEqual(body);
  });

  it('leaves a file with that name as it is, and is not kept if it comes otherwise', async () => {
    const body = await picture('png');
    const { url } = await localServer((_request, response, count) =>
      response.writeHead(200).end(body.subarray(0, body.length - Math.max(1, 4 - count))),
    );
    await mkdir(join(folder, 'a'));
    await writeFile(join(folder, 'a', 'cat.damaged.png'), 'mine');
    const downloader = createDownloader({ isLocal: true });
    const fetchAgain = () =>
      lastValueFrom(downloader.download(`${url}/out.png`, { stem: join(folder, 'a', 'cat') })).catch(
        () => {},
      );
    for (let count = 0; count < 3; count += 1) await fetchAgain();
    expect(await filesThere()).toEqual(['cat.damaged.png']);
    await fetchAgain();
    expect(await filesThere()).toEqual(['cat.damaged-2.png', 'cat.damaged.png']);
    expect(await readFile(join(folder, 'a', 'cat.damaged.png'), 'utf8')).toBe('mine');
  });
});

describe('a file that nothing recognises', () => {
  const odd = randomBytes(3_000).fill('odd!', 0, 4);
  const stem = () => join(folder, 'a', 'cat');

  it.each([
    ['bytes', odd, 'something without a type'],
    ['a text', Buffer.from('a cat, asleep'), 'a text without a type'],
    ['JSON', Buffer.from('{"boxes":[]}'), 'a text without a type'],
    [
      'XML that is no page',
      Buffer.from('<?xml version="1.0"?><Error><Code>Slow</Code></Error>'),
      'application/xml',
    ],
    ['an archive', Buffer.concat([Buffer.from('504b0304', 'hex'), odd]), 'application/zip'],
  ])('is kept if it comes again as it was, and then not fetched again: %s', async (_, body, got) => {
    const { url } = await localServer((_request, response) => response.writeHead(200).end(body));
    const downloader = createDownloader({ isLocal: true });
    const fetchAgain = () => lastValueFrom(downloader.download(`${url}/out.png`, { stem: stem() }));
    await expect(fetchAgain()).rejects.toMatchObject({
      code: 'ERR_NOT_AN_IMAGE',
      recoverable: true,
      kept: null,
    });
    expect(await filesThere()).toEqual([]);
    await expect(fetchAgain()).rejects.toMatchObject({
      code: 'ERR_NOT_AN_IMAGE',
      message: `Expected an image, got ${got}. It came twice, and is kept as cat.unrecognised`,
      recoverable: false,
      kept: { path: `${stem()}.unrecognised`, bytes: body.length, format: 'unrecognised' },
    });
    expect(await readFile(`${stem()}.unrecognised`)).toEqual(body);
  });

  it.each([
    ['a document', '<!DOCTYPE html><p>Log in</p>'],
    ['one behind a declaration and a comment', '<?xml version="1.0"?><!-- a --><html xmlns="x">'],
    ['a head alone', '<!-- blocked -->\n<HEAD><title>Blocked</title>'],
    ['a script alone', "<script>location='/login'</script>"],
    ['words alone', '<h1>503 Service Temporarily Unavailable</h1>'],
  ])('is not kept if it is a page: %s', async (_, body) => {
    const { url } = await localServer((_request, response) => response.writeHead(200).end(body));
    const downloader = createDownloader({ isLocal: true });
    for (const _time of [1, 2, 3]) {
      const fetched = lastValueFrom(downloader.download(`${url}/out.png`, { stem: stem() }));
      await expect(fetched).rejects.toMatchObject({
        code: 'ERR_NOT_AN_IMAGE',
        recoverable: true,
        kept: null,
      });
    }
    expect(await filesThere()).toEqual([]);
  });

  it('is kept at once if it is a data: URL', async () => {
    const data = `data:application/octet-stream;base64,${odd.toString('base64')}`;
    const fetched = lastValueFrom(createDownloader().download(data, { stem: stem() }));
    await expect(fetched).rejects.toMatchObject({
      message: 'Expected an image, got something without a type. It is kept as cat.unrecognised',
      recoverable: false,
    });
    expect(await readFile(`${stem()}.unrecognised`)).toEqual(odd);
  });
});

/** A picture of 3 MB, which is on disk before all of it has come. */
function largePicture(): Promise<Buffer> {
  const create = { width: 1_000, height: 1_000, channels: 3, background: '#888' } as const;
  return sharp({ create }).png({ compressionLevel: 0 }).toBuffer();
}

it('writes nothing of a small file until it is whole and has its provenance', async () => {
  const body = await picture('png');
  const answers: ServerResponse[] = [];
  const { url } = await localServer((_request, response) => {
    answers.push(response);
    response.writeHead(200).write(body.subarray(0, -50));
  });
  const seen: (readonly string[])[] = [];
  const embedProvenance = async (bytes: Buffer) => {
    seen.push(await filesThere());
    return bytes;
  };
  const target = { stem: join(folder, 'a', 'cat'), embedProvenance };
  const done = lastValueFrom(createDownloader({ isLocal: true }).download(url, target));
  await expect.poll(() => answers).toHaveLength(1);
  answers[0]?.end(body.subarray(-50));
  expect(await readFile((await done).path)).toEqual(body);
  expect([seen, await filesThere()]).toEqual([[[]], ['cat.png']]);
});

it.each(['small', 'large'])('gives a %s file its provenance, and keeps the untouched one', async (size) => {
  const body = size === 'small' ? await picture('png') : await largePicture();
  const { url } = await localServer((_request, response) => response.end(body));
  const embedProvenance = async (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('marked')]);
  const target = { stem: join(folder, 'a', 'cat'), embedProvenance };
  const plain = await lastValueFrom(createDownloader({ isLocal: true }).download(url, target));
  const untouchedStem = join(folder, 'untouched', 'cat');
  const both = await lastValueFrom(
    createDownloader({ isLocal: true }).download(url, { ...target, untouchedStem, mayReplace: () => true }),
  );
  for (const { path, bytes, sha256 } of [plain, both]) {
    expect(await readFile(path)).toEqual(await embedProvenance(body));
    expect([bytes, sha256]).toEqual([body.length + 6, hash('sha256', await readFile(path), 'hex')]);
  }
  expect(both.untouched).toMatchObject({ bytes: body.length, sha256: hash('sha256', body, 'hex') });
  expect(await readFile(both.untouched?.path ?? '')).toEqual(body);
});

it('a try after an unsubscribed one is not disturbed by the cleanup of that one', async () => {
  const body = await largePicture();
  const answers: ServerResponse[] = [];
  const { url } = await localServer((_request, response) => {
    answers.push(response);
    response.writeHead(200).write(body.subarray(0, -50));
  });
  const download = () =>
    createDownloader({ isLocal: true }).download(url, { stem: join(folder, 'a', 'cat') });
  const first = download().subscribe();
  await expect.poll(filesThere).toHaveLength(1);
  const second = lastValueFrom(download());
  await expect.poll(filesThere).toHaveLength(2);
  first.unsubscribe();
  await expect.poll(filesThere).toHaveLength(1);
  answers[1]?.end(body.subarray(-50));
  expect(await readFile((await second).path)).toEqual(body);
  expect(await filesThere()).toEqual(['cat.png']);
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

  it.each(['png', 'jpeg', 'webp', 'gif'] as const)(
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
    [503, 'ERR_DOWNLOAD_REFUSED', true],
  ])('%i', async (status, code, recoverable) => {
    expect(await refused((_request, response) => response.writeHead(status).end('no'))).toMatchObject({
      code,
      recoverable,
      isOutage: status === 503,
    });
  });

  it('a body that is cut while its file is only being opened', async () => {
    const hash = promisify(pbkdf2);
    let busy: Promise<unknown> = Promise.resolve();
    const { url } = await localServer((_request, response) => {
      // Node has four threads for files and hashes: while these are busy, a file waits to be
      // opened.
      busy = Promise.all(Array.from({ length: 4 }, () => hash('', '', 300_000, 32, 'sha256')));
      response.writeHead(200, { 'content-length': 1_000 }).write('start', () => response.destroy());
    });
    const path = join(folder, 'cat.part');
    const { signal } = new AbortController();
    const limits = { maxBytes: 1_000, connectTimeoutMs: 5_000, idleTimeoutMs: 5_000, signal };
    await expect(receiveFile(url, path, limits)).rejects.toThrow();
    rmSync(path, { force: true });
    await busy;
    // The next in line after the opening, should that still be to come.
    await hash('', '', 1, 32, 'sha256');
    expect(existsSync(path)).toBe(false);
  });

  it('an SVG that is cut', async () => {
    const error = await refused((_request, response) =>
      response.writeHead(200).end('<svg xmlns="http://www.w3.org/2000/svg" width="10" height="20"><rect wid'),
    );
    expect(error.code).toMatch(/ERR_TRUNCATED|ERR_NOT_AN_IMAGE/);
  });

  it('an error with an endless body, without reading it', async () => {
    let isOpen = true;
    const { url } = await localServer((_request, response) => {
      response.once('close', () => {
        isOpen = false;
      });
      response.writeHead(404).write('no');
    });
    const { signal } = new AbortController();
    const limits = { maxBytes: 100, connectTimeoutMs: 5_000, idleTimeoutMs: 5_000, signal };
    const error = await receiveFile(url, join(folder, 'cat.part'), limits).catch((reason) => reason);
    expect(error).toMatchObject({ code: 'ERR_OUTPUT_GONE' });
    await expect.poll(() => isOpen).toBe(false);
  });

  it('a file that declares to be too large, without waiting for it', async () => {
    const error = await refused(
      (_request, response) => {
        response.writeHead(200, { 'content-length': 101 }).flushHeaders();
      },
      { maxBytes: 100 },
    );
    expect(error).toMatchObject({ code: 'ERR_OUTPUT_TOO_LARGE', recoverable: false });
  });

  it('a server that does not begin to respond', async () => {
    const error = await refused(() => {}, { idleTimeoutMs: 30 });
    expect(error).toMatchObject({ code: 'ERR_DOWNLOAD_CUT', recoverable: true, isOutage: false });
  });

  it('a server that is not there', async () => {
    await expect(fetchInto(`${await silentPort()}/a.png`)).rejects.toMatchObject({
      code: 'ERR_DOWNLOAD_CUT',
      recoverable: true,
      isOutage: true,
    });
  });

  it('a redirect to no web address', async () => {
    const error = await refused((_request, response) =>
      response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
    );
    expect(error).toMatchObject({ name: 'DownloadError' });
  });

  it('one that is too large, declared or not', async () => {
    const body = await picture('png');
    const declared = await refused(
      (_request, response) => response.writeHead(200, { 'content-length': body.length }).end(body),
      { maxBytes: 100 },
    );
    const undeclared = await refused((_request, response) => response.writeHead(200).end(body), {
      maxBytes: 100,
    });
    expect(declared).toMatchObject({ code: 'ERR_OUTPUT_TOO_LARGE', recoverable: false });
    expect(undeclared).toMatchObject({ code: 'ERR_OUTPUT_TOO_LARGE' });
  });

  it('a small file that claims to be an image of 2.7 gigabytes, without decoding it', async () => {
    const body = await picture('png');
    body.writeUInt32BE(30_000, 16);
    body.writeUInt32BE(30_000, 20);
    // The header's checksum, or that alone would show that it is damaged.
    body.writeUInt32BE(crc32(body.subarray(12, 29)), 29);
    expect(await refused((_request, response) => response.writeHead(200).end(body))).toMatchObject({
      code: 'ERR_DAMAGED',
      message: 'Expected a whole png file, got a damaged one: its image data are too short for its size',
      recoverable: true,
    });
  });

  it('a part of a file', async () => {
    const body = await picture('png');
    const error = await refused((_request, response) =>
      response
        .writeHead(206, { 'content-length': body.length, 'content-range': `bytes 0-${body.length - 1}/*` })
        .end(body),
    );
    expect(error).toMatchObject({ code: 'ERR_TRUNCATED', recoverable: true });
    expect(error.message).toMatch(/^Expected a whole file from .*, got 206: a part of it$/);
  });

  it('a server that is silent for too long', async () => {
    const error = await refused(
      (_request, response) => {
        response.writeHead(200, { 'content-length': 1_000 });
        response.write('x');
      },
      { idleTimeoutMs: 30 },
    );
    expect(error).toMatchObject({ code: 'ERR_DOWNLOAD_CUT', recoverable: true });
  });

  it.each(['file:///etc/passwd', 'ftp://a/b.png', 'https://', 'data:image/png', 'data:;base64,***'])(
    'the URL %s',
    async (url) => {
      await expect(fetchInto(url)).rejects.toMatchObject({
        name: 'DownloadError',
        code: 'ERR_UNSUPPORTED_URL',
        recoverable: false,
      });
      expect(await filesThere()).toEqual([]);
    },
  );

  it('a data: URL that is far too long', async () => {
    const url = `data:image/png;base64,${'A'.repeat(2_000)}`;
    await expect(fetchInto(url, { maxBytes: 100 })).rejects.toMatchObject({ code: 'ERR_OUTPUT_TOO_LARGE' });
  });
});

it.each([
  ['returns', () => null],
  ['throws', () => Promise.reject(new Error('no'))],
])('fails one image if its transform moves it away and %s', async (_what, then) => {
  const body = await picture('png');
  const { url } = await localServer((_request, response) => response.end(body));
  const transform: DownloadTarget['transform'] = async ({ path }) => {
    await rm(path);
    return then();
  };
  await expect(fetchInto(url, {}, { transform })).rejects.toMatchObject({ code: 'ERR_TRANSFORM_FAILED' });
  expect(await filesThere()).toEqual([]);
});

it('reports that the file host redirects without end, and does not try again', async () => {
  const { url } = await localServer((_request, response) =>
    response.writeHead(302, { location: '/again' }).end(),
  );
  await expect(fetchInto(url)).rejects.toMatchObject({
    code: 'ERR_DOWNLOAD_REFUSED',
    recoverable: false,
    message: expect.stringMatching(/^The file host redirects .* without end$/),
  });
});

it.each(['small', 'large'])('keeps a %s image whose provenance cannot be embedded', async (size) => {
  const body = size === 'small' ? await picture('png') : await largePicture();
  const { url } = await localServer((_request, response) => response.end(body));
  const embedProvenance = () => Promise.reject(new Error('no key'));
  await expect(fetchInto(url, {}, { embedProvenance })).rejects.toMatchObject({
    name: 'RenderError',
    code: 'ERR_PROVENANCE_FAILED',
    message: 'Provenance could not be embedded in an image: no key. The original is kept as cat.unmarked.png',
  });
  expect(await filesThere()).toEqual(['cat.unmarked.png']);
  expect(await readFile(join(folder, 'a', 'cat.unmarked.png'))).toEqual(body);
});

it('treats a function that throws at once like one that rejects', async () => {
  const body = await picture('png');
  const { url } = await localServer((_request, response) => response.end(body));
  const embedProvenance = () => {
    throw new Error('no key');
  };
  await expect(fetchInto(url, {}, { embedProvenance })).rejects.toMatchObject({
    code: 'ERR_PROVENANCE_FAILED',
  });
});

it('blames the disk for a fault of the disk', async () => {
  await writeFile(join(folder, 'a'), 'a file where a folder should be');
  const body = await picture('png');
  const { url } = await localServer((_request, response) => response.writeHead(200).end(body));
  await expect(fetchInto(url)).rejects.toMatchObject({ name: 'StorageError' });
});

it('stops and cleans up when it is unsubscribed', async () => {
  let closed = false;
  const { url } = await localServer((_request, response) => {
    response.writeHead(200, { 'content-length': 3_000_000 });
    response.write(Buffer.alloc(2_500_000));
    response.once('close', () => {
      closed = true;
    });
  });
  const subscription = createDownloader({ isLocal: true })
    .download(url, { stem: join(folder, 'a', 'cat') })
    .subscribe();
  await expect.poll(filesThere).toEqual([expect.stringMatching(/^cat\.[0-9a-f]{16}\.rxposure\.part$/)]);
  subscription.unsubscribe();
  await expect.poll(filesThere).toEqual([]);
  await expect.poll(() => closed).toBe(true);
});

it('ends the run if the certificate of the file host is not trusted', async () => {
  const { url, requests } = await untrustedServer();
  const error = await fetchInto(`${url}/out.png?token=x`).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    name: 'ProviderError',
    code: 'ERR_UNTRUSTED_CERTIFICATE',
    message: `No output can be downloaded from ${url}/out.png: the certificate of the file host is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT)`,
    stopsRun: true,
    recoverable: false,
    suggestion: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
  });
  expect(requests()).toBe(0);
  expect(await filesThere()).toEqual([]);
});
