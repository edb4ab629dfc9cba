import { createHash, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { lastValueFrom } from 'rxjs';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { DeliveryError, UsageError } from '../../../src/errors.ts';
import { openS3 } from '../../../src/sinks/destinations/s3.ts';
import { parseS3Url } from '../../../src/sinks/destinations/s3Address.ts';
import type { Outcome } from '../../../src/types.ts';
import { anOutcome } from '../../helpers/anOutcome.ts';
import { temporaryFolder } from '../../helpers/temporaryFolder.ts';
import { aBucket, type Bucket, credentials } from './aBucket.ts';

const folder = temporaryFolder();
let bucket: Bucket;
beforeAll(async () => {
  bucket = await aBucket('pictures');
});
afterAll(() => bucket.close());

async function saved(path: string, bytes: Buffer): Promise<Outcome> {
  await mkdir(join(folder(), dirname(path)), { recursive: true });
  await writeFile(join(folder(), path), bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const file = { name: 'original', width: 8, height: 8, format: 'png', bytes: bytes.length, sha256, path };
  return anOutcome({ files: [{ role: 'original', ...file }] });
}

const open = (url: string) =>
  openS3(url, folder(), { endpoint: bucket.endpoint, credentials, maxAttempts: 1 });

it.each([
  ['small files in one request', 1_000],
  ['large files in parts', 17 * 1024 * 1024],
])('uploads %s, with sidecar and media type', async (_what, length) => {
  const destination = await open('s3://pictures/run 1/');
  const outcome = await saved('web/ä pear.png', randomBytes(length));
  const addresses = await lastValueFrom(destination.deliver(outcome));
  await destination.close();
  expect(destination.name).toBe('s3://pictures/run 1');
  expect(addresses).toEqual(['s3://pictures/run 1/web/ä pear.png']);
  expect(await bucket.keys()).toEqual(['run 1/web/ä pear.json', 'run 1/web/ä pear.png']);
  const { bytes, type } = await bucket.read('run 1/web/ä pear.png');
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(outcome.files[0]?.sha256);
  expect(type).toBe('image/png');
  expect(JSON.parse((await bucket.read('run 1/web/ä pear.json')).bytes.toString())).toEqual(outcome);
});

it.each([
  ['a bucket that is not there', 's3://nowhere', 'The bucket nowhere cannot be used'],
  ['a URL that names no bucket', 's3://A_B/x', 'Expected s3://BUCKET'],
])('refuses %s before anything is created', async (_what, url, message) => {
  const opening = open(url);
  await expect(opening).rejects.toThrow(UsageError);
  await expect(opening).rejects.toThrow(message);
});

it('reports which job a bucket refuses, as recoverable', async () => {
  let responses = 0;
  const server = createServer((request, response) => {
    request.resume();
    responses += 1;
    response.writeHead(responses === 1 ? 200 : 503).end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const config = { endpoint: `http://127.0.0.1:${port}`, credentials, maxAttempts: 1 };
  const destination = await openS3('s3://pictures', folder(), config);
  const delivery = lastValueFrom(destination.deliver(await saved('a.png', Buffer.from('a'))));
  await expect(delivery).rejects.toBeInstanceOf(DeliveryError);
  await expect(delivery).rejects.toMatchObject({ recoverable: true, destination: 's3://pictures' });
  await destination.close();
  server.close();
});

it('repeats no credentials that a store sends back', async () => {
  const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
  const server = createServer((request, response) => {
    request.resume();
    const error = `<Error><Code>Bad-${secret}</Code><Message>no ${secret} here</Message></Error>`;
    if (request.method === 'HEAD') response.writeHead(200).end();
    else response.writeHead(403, { 'content-type': 'application/xml' }).end(error);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const keys = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: secret };
  const config = { endpoint: `http://127.0.0.1:${port}`, credentials: keys, maxAttempts: 1 };
  const destination = await openS3('s3://pictures', folder(), config);
  const delivery = lastValueFrom(destination.deliver(await saved('a.png', Buffer.from('a'))));
  await expect(delivery).rejects.toThrow('Bad-[token] (no [token] here)');
  await destination.close();
  server.close();
});

it('reads buckets and prefixes', () => {
  expect(parseS3Url('s3://my-bucket')).toEqual({ bucket: 'my-bucket', prefix: '', encryption: {} });
  expect(parseS3Url('s3://my-bucket//a/b//')).toEqual({ bucket: 'my-bucket', prefix: 'a/b', encryption: {} });
  expect(() => parseS3Url('s3://my-bucket/a/../b')).toThrow(UsageError);
  expect(() => parseS3Url('https://my-bucket')).toThrow(UsageError);
});

it.each([
  ['s3://my-bucket/a?sse=AES256', { ServerSideEncryption: 'AES256' }],
  ['s3://my-bucket/a?sse=aws:kms&kms-key=k1', { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'k1' }],
])('reads the encryption of %s', (url, encryption) => {
  expect(parseS3Url(url)).toEqual({ bucket: 'my-bucket', prefix: 'a', encryption });
});

it.each(['?sse=none', '?kms-key=k1', '?sse=AES256&kms-key=k1', '?acl=public'])('refuses %s', (query) => {
  expect(() => parseS3Url(`s3://my-bucket/a${query}`)).toThrow(UsageError);
});

/** A store that notes its requests, and refuses some. */
async function oddStore(refuse: (request: IncomingMessage) => [number, Record<string, string>] | null) {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    request.resume();
    seen.push(request);
    const [status, headers] = refuse(request) ?? [200, { etag: '"x"' }];
    response.writeHead(status, headers).end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { seen, config: { endpoint: `http://127.0.0.1:${port}`, credentials, maxAttempts: 1 } };
}

const beginRun = () => writeFile(join(folder(), 'run.json'), '{}');

it('tries a bucket with the run.json of the folder: one that may not be looked at is no end', async () => {
  await beginRun();
  const { seen, config } = await oddStore(({ method }) => (method === 'HEAD' ? [403, {}] : null));
  const destination = await openS3('s3://pictures/a', folder(), config);
  await destination.close();
  expect(seen.map(({ method, url = '' }) => `${method} ${url.split('?')[0]}`)).toEqual([
    'PUT /pictures/a/run.json',
  ]);
});

it('refuses a bucket that takes no objects, before anything is created', async () => {
  await beginRun();
  const { config } = await oddStore(({ method }) => (method === 'PUT' ? [403, {}] : null));
  await expect(openS3('s3://pictures/a', folder(), config)).rejects.toThrow('pictures cannot be used');
});

it('names the region of a bucket that is elsewhere', async () => {
  await beginRun();
  const { config } = await oddStore(() => [301, { 'x-amz-bucket-region': 'eu-central-1' }]);
  await expect(openS3('s3://pictures', folder(), config)).rejects.toMatchObject({
    suggestion: 'The bucket is in the region eu-central-1: set AWS_REGION=eu-central-1.',
  });
});

it('follows a bucket to its region', async () => {
  await beginRun();
  const isThere = ({ headers }: IncomingMessage) =>
    headers.authorization?.includes('/eu-central-1/') === true;
  const { seen, config } = await oddStore((request) =>
    isThere(request) ? null : [301, { 'x-amz-bucket-region': 'eu-central-1' }],
  );
  await (await openS3('s3://pictures', folder(), config)).close();
  expect(seen.map(isThere)).toEqual([false, true]);
});

it('sends checksums unless the settings of the SDK forbid them, and asks for encryption', async () => {
  const { seen, config } = await oddStore(() => null);
  const headersOf = async (url: string) => {
    const destination = await openS3(url, folder(), config);
    await lastValueFrom(destination.deliver(await saved('a.png', Buffer.from('a'))));
    await destination.close();
    const put = seen.findLast(({ method, url: path }) => method === 'PUT' && path?.includes('a.png'));
    return Object.keys(put?.headers ?? {}).filter((name) => /checksum|encryption/.test(name));
  };
  expect(await headersOf('s3://pictures')).toContain('x-amz-checksum-sha256');
  vi.stubEnv('AWS_REQUEST_CHECKSUM_CALCULATION', 'WHEN_REQUIRED');
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(await headersOf('s3://pictures?sse=AES256')).toEqual(['x-amz-server-side-encryption']);
});
