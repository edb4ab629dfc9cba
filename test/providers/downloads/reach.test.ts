import type { LookupAddress } from 'node:dns';
import { existsSync } from 'node:fs';
import type { LookupFunction } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { lastValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { DownloadError } from '../../../src/errors.ts';
import { createDownloader } from '../../../src/providers/downloads/downloader.ts';
import {
  anywhere,
  createPublicReach,
  isPublicAddress,
  type Reach,
} from '../../../src/providers/downloads/reach.ts';
import { receiveFile } from '../../../src/providers/downloads/receiveFile.ts';
import { localServer } from '../../helpers/localServer.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';

describe('an address', () => {
  it.each([
    '8.8.8.8',
    '100.63.255.255',
    '172.15.0.1',
    '172.32.0.1',
    '192.167.1.1',
    '223.255.255.255',
    '2606:4700:4700::1111',
    '2a00:1450:4001:80b::200e',
    '::ffff:8.8.8.8',
    '64:ff9b::808:808',
  ])('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each([
    ['of this host', '0.0.0.0'],
    ['of this host', '::'],
    ['of this host', '127.0.0.1'],
    ['of this host', '127.255.255.254'],
    ['of this host', '::1'],
    ['private', '10.0.0.1'],
    ['private', '172.16.0.1'],
    ['private', '172.31.255.255'],
    ['private', '192.168.1.1'],
    ['unique-local', 'fc00::1'],
    ['unique-local', 'fd12:3456::1'],
    ['behind the NAT of a carrier', '100.64.0.1'],
    ['behind the NAT of a carrier', '100.127.255.255'],
    ['of metadata', '169.254.169.254'],
    ['of metadata', 'fd00:ec2::254'],
    ['link-local', 'fe80::1'],
    ['link-local', 'fe80::1%eth0'],
    ['site-local', 'fec0::1'],
    ['of a protocol', '192.0.0.8'],
    ['of a benchmark', '198.18.0.1'],
    ['of documentation', '203.0.113.7'],
    ['of documentation', '2001:db8::1'],
    ['of documentation', '3fff::1'],
    ['of multicast', '224.0.0.1'],
    ['of multicast', 'ff02::1'],
    ['reserved', '240.0.0.1'],
    ['of broadcast', '255.255.255.255'],
    ['mapped', '::ffff:127.0.0.1'],
    ['mapped', '::ffff:7f00:1'],
    ['mapped', '::ffff:a9fe:a9fe'],
    ['compatible', '::127.0.0.1'],
    ['of NAT64', '64:ff9b::a00:1'],
    ['of NAT64', '64:ff9b::127.0.0.1'],
    ['of a local NAT64', '64:ff9b:1::808:808'],
    ['of 6to4', '2002:7f00:1::'],
    ['of Teredo', '2001:0:7f00:1::'],
    ['no address', 'localhost'],
    ['no address', ''],
  ])('%s is not public: %s', (_kind, address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it('is judged alike in IPv4, mapped to IPv6, and behind NAT64', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const isPublic = isPublicAddress(address);
        expect(isPublicAddress(`::ffff:${address}`)).toBe(isPublic);
        expect(isPublicAddress(`64:ff9b::${address}`)).toBe(isPublic);
      }),
    );
  });
});

describe('a URL', () => {
  const { expect: check } = createPublicReach();

  it.each(['https://replicate.delivery/a.png', 'https://8.8.8.8/a', 'https://[2606:4700::1111]:8443/a'])(
    '%s is reached',
    (url) => {
      expect(() => check(new URL(url))).not.toThrow();
    },
  );

  it.each([
    'http://replicate.delivery/a.png',
    'https://127.0.0.1/a.png',
    'https://127.1/a.png',
    'https://2130706433/a.png',
    'https://0x7f.0.0.1/a.png',
    'https://017700000001/a.png',
    'https://[::1]/a.png',
    'https://[::ffff:127.0.0.1]/a.png',
    'https://169.254.169.254/latest/meta-data/',
    'ftp://8.8.8.8/a.png',
  ])('%s is not', (url) => {
    expect(() => check(new URL(url))).toThrow(
      expect.objectContaining({ name: 'DownloadError', code: 'ERR_UNSAFE_URL', recoverable: false }),
    );
  });
});

/** A resolver that has one response for each call. */
function resolver(...answers: string[][]): LookupFunction & { readonly asked: string[] } {
  const asked: string[] = [];
  const lookup: LookupFunction = (name, { all }, callback) => {
    expect(all).toBe(true);
    const found = answers[Math.min(asked.length, answers.length - 1)] ?? [];
    asked.push(name);
    const addresses = found.map(
      (address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 }),
    );
    queueMicrotask(() => callback(null, addresses));
  };
  return Object.assign(lookup, { asked });
}

const resolve = ({ lookup }: Reach, name: string, all: boolean) =>
  new Promise((found, fail) => {
    lookup?.(name, { all }, (error, address, family) =>
      error === null ? found([address, family]) : fail(error),
    );
  });

describe('a name', () => {
  it('resolves to its public addresses', async () => {
    const reach = createPublicReach({ resolve: resolver(['8.8.8.8', '2606:4700::1111']) });
    expect(await resolve(reach, 'files.example', false)).toEqual(['8.8.8.8', 4]);
    expect(await resolve(reach, 'files.example', true)).toEqual([
      [
        { address: '8.8.8.8', family: 4 },
        { address: '2606:4700::1111', family: 6 },
      ],
      undefined,
    ]);
  });

  it.each([[['127.0.0.1']], [['8.8.8.8', '10.0.0.1']], [['::ffff:10.0.0.1']], [[]]])(
    'is refused if it resolves to %j, for now',
    async (addresses) => {
      const reach = createPublicReach({ resolve: resolver(addresses) });
      for (const all of [true, false]) {
        await expect(resolve(reach, 'files.example', all)).rejects.toMatchObject({
          code: 'ERR_UNSAFE_URL',
          recoverable: true,
        });
      }
    },
  );

  it('passes on the error of the resolver', async () => {
    const missing = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
    const reach = createPublicReach({ resolve: (_name, _options, callback) => callback(missing, []) });
    await expect(resolve(reach, 'files.example', true)).rejects.toBe(missing);
  });
});

describe('a download', () => {
  const folder = temporaryFolder();
  const limits = { maxBytes: 1_000, connectTimeoutMs: 1_000, idleTimeoutMs: 1_000 };
  const receive = async (url: string, reach: Reach) => {
    const path = join(folder(), 'cat.part');
    const { signal } = new AbortController();
    const error = await receiveFile(url, path, { ...limits, signal, reach }).catch((reason) => reason);
    expect(existsSync(path)).toBe(false);
    return error.cause instanceof DownloadError ? error.cause : error;
  };

  it('connects to nothing on this machine, by its address or by a name for it', async () => {
    const { url, requests } = await localServer((_request, response) => response.end('secret'));
    const { port } = new URL(url);
    const stem = join(folder(), 'cat');
    for (const target of [url, `https://127.0.0.1:${port}/`, `https://localhost:${port}/`]) {
      const download = lastValueFrom(createDownloader().download(target, { stem }));
      await expect(download).rejects.toMatchObject({ name: 'DownloadError', code: 'ERR_UNSAFE_URL' });
    }
    expect(requests).toEqual([]);
  });

  it('asks once where a name is, so that a second answer gains nothing', async () => {
    const { url, requests } = await localServer((_request, response) => response.end('secret'));
    const lookup = resolver(['127.0.0.1'], ['8.8.8.8'], ['127.0.0.1']);
    const error = await receive(
      `https://files.example:${new URL(url).port}/`,
      createPublicReach({ resolve: lookup }),
    );
    expect(error).toMatchObject({ code: 'ERR_UNSAFE_URL' });
    expect(error.message).toContain('files.example, which is at 127.0.0.1');
    expect(lookup.asked).toEqual(['files.example']);
    expect(requests).toEqual([]);
  });

  it.each([
    ['another scheme', 'http://replicate.delivery/a.png'],
    ['metadata', 'https://169.254.169.254/latest/meta-data/'],
    ['this machine', 'https://[::ffff:127.0.0.1]/a.png'],
  ])('follows no redirect to %s', async (_name, location) => {
    const { url, requests } = await localServer((_request, response) =>
      response.writeHead(302, { location }).end(),
    );
    const elsewhere = createPublicReach({ resolve: resolver(['8.8.8.8']) });
    // As if the first hop were public.
    const first = new URL(url).origin;
    const check = (next: URL) => (next.origin === first ? undefined : elsewhere.expect(next));
    expect(await receive(`${url}/a.png`, { expect: check })).toMatchObject({ code: 'ERR_UNSAFE_URL' });
    expect(requests).toHaveLength(1);
  });

  it('may go anywhere if the API is on this machine', async () => {
    const { url } = await localServer(({ url: path }, response) =>
      path === '/' ? response.writeHead(404).end() : response.writeHead(302, { location: '/' }).end(),
    );
    expect(await receive(`${url}/a.png`, anywhere)).toMatchObject({ code: 'ERR_OUTPUT_GONE' });
  });
});
