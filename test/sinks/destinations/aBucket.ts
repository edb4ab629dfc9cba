import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';

/** An S3 server on this machine with one bucket, and what is in it. */
export interface Bucket {
  readonly endpoint: string;
  keys(): Promise<string[]>;
  read(key: string): Promise<{ bytes: Buffer; type: string | undefined }>;
  close(): Promise<void>;
}

export const credentials = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };

/** Starts a server that speaks the S3 protocol, with an empty bucket of that name. */
export async function aBucket(name: string): Promise<Bucket> {
  const directory = await mkdtemp(join(tmpdir(), 'rxposure-s3-'));
  const S3rver = createRequire(import.meta.url)('s3rver');
  const server = new S3rver({
    port: 0,
    address: '127.0.0.1',
    silent: true,
    directory,
    configureBuckets: [{ name }],
  });
  const { port }: AddressInfo = await server.run();
  const endpoint = `http://127.0.0.1:${port}`;
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
  return {
    endpoint,
    async keys() {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: name }));
      return Contents.map(({ Key = '' }) => Key).sort();
    },
    async read(key) {
      const { Body, ContentType } = await client.send(new GetObjectCommand({ Bucket: name, Key: key }));
      return { bytes: Buffer.from((await Body?.transformToByteArray()) ?? []), type: ContentType };
    },
    async close() {
      client.destroy();
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
