import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { lastValueFrom } from 'rxjs';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { createDownloader } from '../../../src/providers/downloads/downloader.ts';
import { localServer } from '../../helpers/localServer.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();
const picture = () =>
  sharp({ create: { width: 60, height: 40, channels: 3, background: '#c63' } })
    .png()
    .toBuffer();

async function fetchEncoded(encoding: string, body: Uint8Array) {
  const { url } = await localServer((_request, response) =>
    response.writeHead(200, { 'content-encoding': encoding, 'content-length': body.length }).end(body),
  );
  await mkdir(join(folder(), 'a'), { recursive: true });
  const downloader = createDownloader({ isLocal: true });
  return lastValueFrom(downloader.download(`${url}/out.png`, { stem: join(folder(), 'a', 'cat') }));
}

describe('a file that a host or a proxy compresses although it was asked not to', () => {
  it.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
    ['identity', (body: Buffer) => body],
    ['gzip, br', (body: Buffer) => brotliCompressSync(gzipSync(body))],
  ])('is saved as it was before: %s', async (encoding, compress) => {
    const body = await picture();
    const file = await fetchEncoded(encoding, compress(body));
    expect(await readFile(file.path)).toEqual(body);
    expect(file.bytes).toBe(body.length);
  });

  it.each([
    ['cut', gzipSync, -9, 'ERR_TRUNCATED'],
    ['of nothing known', (body: Buffer) => body, undefined, 'ERR_DOWNLOAD_REFUSED'],
  ] as const)('is fetched again if it is %s', async (what, compress, end, code) => {
    const body = compress(await picture()).subarray(0, end);
    const fetching = fetchEncoded(what === 'cut' ? 'gzip' : 'sdch', body);
    await expect(fetching).rejects.toMatchObject({ code, recoverable: true });
    expect(await readdir(join(folder(), 'a'))).toEqual([]);
  });
});
