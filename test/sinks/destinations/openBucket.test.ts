import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { DeliveryError, StorageError } from '../../../src/errors.ts';
import { type NewObject, openBucket } from '../../../src/sinks/destinations/s3Bucket.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';
import { aBucket, type BucketHooks, credentials } from './aBucket.ts';

const folder = temporaryFolder();

async function opened(hooks: BucketHooks = {}) {
  const server = await aBucket('pictures', hooks);
  onTestFinished(() => server.close());
  const config = { endpoint: server.endpoint, credentials, maxAttempts: 1 };
  const bucket = await openBucket('s3://pictures/night/?sse=AES256', config);
  onTestFinished(() => bucket.close());
  return { server, bucket };
}

const object = (content: string, origin: string | null = 'p1'): NewObject => {
  const source = Buffer.from(content);
  const sha256 = createHash('sha256').update(source).digest('hex');
  return { path: 'ä.png', source, bytes: source.length, sha256, contentType: 'image/png', origin };
};
const stored = ({ bytes, sha256 }: NewObject, isNew: boolean) => ({ bytes, sha256, isNew });

it('stores an object once; an equal one counts as stored', async () => {
  const { bucket, server } = await opened();
  expect([bucket.name, bucket.addressOf('ä.png')]).toEqual([
    's3://pictures/night',
    's3://pictures/night/ä.png',
  ]);
  const first = object('x');
  expect(await bucket.store(first)).toEqual(stored(first, true));
  expect(await bucket.store(object('x', 'another'))).toEqual(stored(first, false));
  expect(await server.keys()).toEqual(['night/ä.png']);
  expect(await server.read('night/ä.png')).toEqual({ bytes: Buffer.from('x'), type: 'image/png' });
});

it('reports the stored object if another machine has stored one of the same origin', async () => {
  const { bucket, server } = await opened();
  const first = object('x');
  await bucket.store(first);
  expect(await bucket.store(object('longer'))).toEqual(stored(first, false));
  expect((await server.read('night/ä.png')).bytes.toString()).toBe('x');
});

it.each([
  ['another origin', 'p2'],
  ['nothing known', null],
])('refuses an object in place of another one, of %s', async (_what, origin) => {
  const { bucket, server } = await opened();
  await bucket.store(object('x'));
  const storing = bucket.store(object('y', origin));
  await expect(storing).rejects.toBeInstanceOf(DeliveryError);
  await expect(storing).rejects.toThrow('s3://pictures/night/ä.png exists with another content');
  expect((await server.read('night/ä.png')).bytes.toString()).toBe('x');
});

it('compares the content of an object without metadata', async () => {
  const { bucket, server } = await opened();
  await server.write('night/ä.png', Buffer.from('x'));
  expect(await bucket.store(object('x'))).toEqual(stored(object('x'), false));
  await expect(bucket.store(object('y'))).rejects.toBeInstanceOf(DeliveryError);
});

it('agrees on one of two that are stored at the same time', async () => {
  const { bucket } = await opened();
  const both = await Promise.all([bucket.store(object('x')), bucket.store(object('y'))]);
  expect(both[0]?.sha256).toBe(both[1]?.sha256);
  expect(both.filter(({ isNew }) => isNew)).toHaveLength(1);
});

it('stores a large file in parts, and fetches it whole', async () => {
  const { bucket } = await opened();
  const content = randomBytes(17 * 1024 * 1024);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const source = join(folder(), 'large.png');
  await writeFile(source, content);
  const large = { ...object(''), source, bytes: content.length, sha256 };
  expect(await bucket.store(large)).toEqual(stored(large, true));
  expect(await bucket.store(large)).toEqual(stored(large, false));
  const to = join(folder(), 'in', 'copy.png');
  expect(await bucket.fetch('ä.png', to, sha256)).toBe(true);
  expect((await readFile(to)).equals(content)).toBe(true);
});

it('fetches nothing that is missing or another one', async () => {
  const { bucket } = await opened();
  const to = join(folder(), 'a.png');
  expect(await bucket.fetch('a.png', to, '0')).toBe(false);
  expect(await bucket.read('a.png')).toBe(null);
  await bucket.store({ ...object('x'), path: 'a.png' });
  expect(await bucket.fetch('a.png', to, '0')).toBe(false);
  expect((await bucket.read('a.png'))?.toString()).toBe('x');
  expect(existsSync(to)).toBe(false);
});

it('reports a refusal of the bucket, with its address', async () => {
  const { bucket } = await opened({ refuse: () => 403 });
  for (const ask of [() => bucket.store(object('x')), () => bucket.read('ä.png')]) {
    const call = ask();
    await expect(call).rejects.toBeInstanceOf(StorageError);
    await expect(call).rejects.toMatchObject({ code: 'ERR_BUCKET', recoverable: true });
    await expect(call).rejects.toThrow('refuses s3://pictures/night/ä.png: AccessDenied');
  }
});
