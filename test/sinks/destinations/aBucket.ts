import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

/** An S3 server on this machine with one bucket, and the objects in it. */
export interface Bucket {
  readonly endpoint: string;
  keys(): Promise<string[]>;
  read(key: string): Promise<{ bytes: Buffer; type: string | undefined }>;
  /** Puts an object there, or replaces the one there. */
  write(key: string, bytes: Uint8Array, metadata?: Readonly<Record<string, string>>): Promise<void>;
  close(): Promise<void>;
}

/** The interventions of a test in a bucket. */
export interface BucketHooks {
  /** Called with each object that is in the bucket now, before its writer learns of it. */
  onStored?: (key: string) => unknown;
  /**
   * Called before each request; if it returns a status, that is the response, without an effect.
   */
  refuse?: (method: string, key: string) => number | null | Promise<number | null>;
  /** False for a store that does not know conditions. Default true. */
  knowsConditions?: boolean;
}

export const credentials = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };

/** Starts a server that speaks the S3 protocol, with an empty bucket of that name. */
export async function aBucket(name: string, hooks: BucketHooks = {}): Promise<Bucket> {
  const directory = await mkdtemp(join(tmpdir(), 'rxposure-s3-'));
  const S3rver = createRequire(import.meta.url)('s3rver');
  const server = new S3rver({
    port: 0,
    address: '127.0.0.1',
    silent: true,
    directory,
    configureBuckets: [{ name }],
  });
  server.middleware.unshift(conditions(name, hooks));
  const { port }: AddressInfo = await server.run();
  const endpoint = `http://127.0.0.1:${port}`;
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
  return {
    endpoint,
    async keys() {
      // Over the protocol it lists a thousand at most: its continuation tokens are broken.
      const { objects } = await server.store.listObjects(name, {});
      return objects.map(({ key }: { key: string }) => key).sort();
    },
    async read(key) {
      const { Body, ContentType } = await client.send(new GetObjectCommand({ Bucket: name, Key: key }));
      return { bytes: Buffer.from((await Body?.transformToByteArray()) ?? []), type: ContentType };
    },
    async write(key, bytes, Metadata = {}) {
      await client.send(new PutObjectCommand({ Bucket: name, Key: key, Body: bytes, Metadata }));
    },
    async close() {
      client.destroy();
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The fields of a server's request that this file needs. */
interface Context {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly store: { existsObject(bucket: string, key: string): Promise<unknown> };
  req: Readable;
  status: number;
  body: unknown;
}

/**
 * Adds the features that the server lacks: `If-None-Match: *`, decided when the object is written;
 * and objects that are there whole or not at all, also if their writer dies in the middle.
 */
function conditions(bucket: string, { onStored, refuse, knowsConditions = true }: BucketHooks) {
  /** Keys that are being written: they appear whole, and a second writer has to retry. */
  const writing = new Set<string>();
  return async (ctx: Context, next: () => Promise<unknown>) => {
    const key = decodeURIComponent(ctx.path.slice(bucket.length + 2));
    const answer = (status: number, code: string) => {
      ctx.req.resume();
      ctx.status = status;
      ctx.body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>no</Message></Error>`;
    };
    const refused = (await refuse?.(ctx.method, key)) ?? null;
    if (refused !== null) {
      answer(refused, refused === 403 ? 'AccessDenied' : 'SlowDown');
      return;
    }
    if (ctx.method === 'PUT') {
      const body = await buffer(ctx.req).catch(() => null);
      if (body === null) return;
      ctx.req = Readable.from(body.length === 0 ? [] : [body]);
    }
    const isPut = ctx.method === 'PUT' && ctx.query.partNumber === undefined;
    const isWrite = isPut || (ctx.method === 'POST' && ctx.query.uploadId !== undefined);
    const isConditional = knowsConditions && ctx.headers['if-none-match'] === '*';
    if (writing.has(key)) {
      if (isConditional) answer(409, 'ConditionalRequestConflict');
      else answer(404, 'NoSuchKey');
      return;
    }
    if (isWrite) writing.add(key);
    try {
      if (isWrite && isConditional && (await ctx.store.existsObject(bucket, key))) {
        answer(412, 'PreconditionFailed');
        return;
      }
      await next();
    } finally {
      if (isWrite) writing.delete(key);
    }
    if (isWrite) await onStored?.(key);
  };
}
