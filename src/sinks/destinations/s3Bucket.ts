import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, rename } from 'node:fs/promises';
import { dirname, posix } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ensureDir } from '../../disk/folders.ts';
import { toStorageError } from '../../disk/storageError.ts';
import { newTemporaryPath, removeTemporary } from '../../disk/writeFiles.ts';
import { DeliveryError, StorageError } from '../../errors.ts';
import { parseS3Url } from './s3Address.ts';
import { loadS3, MULTIPART_BYTES, reasonOf, type S3Config } from './s3Client.ts';

/** The content of an object. */
export interface ObjectContent {
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

/** An object to store. */
export interface NewObject extends ObjectContent {
  /** Path below the prefix. */
  readonly path: string;
  /** The content, or the absolute path of the file that has it. */
  readonly source: Uint8Array | string;
  readonly contentType: string;
  /**
   * The prediction that it was made from. An object of the same path and prediction counts as this
   * one, also if its bytes differ, as two encoders' do.
   */
  readonly predictionId: string | null;
}

/** A bucket whose objects are written once, by any number of machines. */
export interface Bucket {
  /** `s3://bucket/prefix`. */
  readonly name: string;
  /** Returns the address of a path below the prefix. */
  addressOf(path: string): string;
  /**
   * Stores an object unless there is one already; resolves with the content that lies there in the
   * end. Rejects with `DeliveryError` if there is another object, and with `StorageError`
   * (`ERR_BUCKET`) if the bucket does not take it.
   */
  store(object: NewObject, signal?: AbortSignal): Promise<ObjectContent>;
  /** Reads a small object; resolves with null if there is none. */
  read(path: string, signal?: AbortSignal): Promise<Buffer | null>;
  /**
   * Reads an object into a file. Resolves with false, and leaves no file, if there is no object or
   * its content is another one.
   */
  fetch(path: string, to: string, sha256: string, signal?: AbortSignal): Promise<boolean>;
  close(): void;
}

/** Two machines that write the same object at once are told to try again. */
const MOST_TURNS = 5;

/**
 * Opens a bucket as a store that several machines write to. Objects are put with `If-None-Match: *`
 * and say in their metadata what they are, so that nothing is ever replaced and a second writer
 * learns what is there. Rejects with `UsageError` if the URL is invalid, or if the SDK is not
 * installed; asks the store nothing.
 *
 *     first     store(a, 'x')   --(x|)
 *     second    store(a, 'x')   --(x|)    equal
 *     third     store(a, 'y')   --(x|)    of the same prediction: x lies there
 *     fourth    store(a, 'z')   --#       DeliveryError
 */
export async function openBucket(url: string, config: S3Config = {}): Promise<Bucket> {
  const { bucket: Bucket, prefix, encryption } = parseS3Url(url);
  const { client, GetObjectCommand, HeadObjectCommand, PutObjectCommand, Upload } = await loadS3({
    // With pauses that double, an overloaded store has about half a minute.
    maxAttempts: 10,
    ...config,
  });
  const sendsChecksums = (await client.config.requestChecksumCalculation()) !== 'WHEN_REQUIRED';
  const at = (path: string) => ({ Bucket, Key: posix.join(prefix, path) });
  const addressOf = (path: string) => `s3://${Bucket}/${posix.join(prefix, path)}`;

  const put = async (object: NewObject, signal: AbortSignal): Promise<void> => {
    const { path, source, bytes, sha256, contentType, predictionId } = object;
    const params = {
      ...at(path),
      IfNoneMatch: '*',
      ContentType: contentType,
      Metadata: { sha256, ...(predictionId !== null && { prediction: predictionId }) },
      ...encryption,
    };
    if (typeof source === 'string' && bytes > MULTIPART_BYTES) {
      const Body = createReadStream(source);
      const inParts = { ...params, Body, ...(sendsChecksums && { ChecksumAlgorithm: 'SHA256' as const }) };
      const upload = new Upload({ client, params: inParts });
      signal.addEventListener('abort', () => void upload.abort(), { once: true });
      await upload.done();
      return;
    }
    const Body = typeof source === 'string' ? await readLocal(source) : source;
    const ChecksumSHA256 = Buffer.from(sha256, 'hex').toString('base64');
    const whole = { ...params, Body, ContentLength: Body.length, ...(sendsChecksums && { ChecksumSHA256 }) };
    await client.send(new PutObjectCommand(whole), { abortSignal: signal });
  };
  const get = async (path: string, signal: AbortSignal): Promise<Readable | null> => {
    try {
      const { Body } = await client.send(new GetObjectCommand(at(path)), { abortSignal: signal });
      return Body instanceof Readable ? Body : Readable.from([]);
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  };
  /** What lies at a path, by its metadata or else by its content; null: nothing. */
  const look = async (path: string, signal: AbortSignal) => {
    const head = await client
      .send(new HeadObjectCommand(at(path)), { abortSignal: signal })
      .catch((error: unknown) => {
        if (isMissing(error)) return null;
        throw error;
      });
    if (head === null) return null;
    const { sha256, prediction = null } = head.Metadata ?? {};
    if (sha256 !== undefined) return { sha256, bytes: head.ContentLength ?? 0, prediction };
    const content = await get(path, signal);
    return content === null ? null : { ...(await hashOf(content)), prediction };
  };
  const isPut = (object: NewObject, signal: AbortSignal): Promise<boolean> =>
    put(object, signal).then(
      () => true,
      (error: unknown) => {
        if (isConflict(error)) return false;
        throw error;
      },
    );
  const storeOnce = async (object: NewObject, signal: AbortSignal): Promise<ObjectContent> => {
    for (let turn = 0; turn < MOST_TURNS; turn += 1) {
      if (await isPut(object, signal)) return { bytes: object.bytes, sha256: object.sha256 };
      const there = await look(object.path, signal);
      if (there !== null) return agreed(object, there, addressOf(object.path));
    }
    throw new Error('other machines write it again and again');
  };
  /** Calls the store; what it refuses is a fault of the bucket. */
  const asked = async <T>(path: string, call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (cause) {
      if (cause instanceof DeliveryError || cause instanceof StorageError) throw cause;
      throw refused(addressOf(path), await reasonOf(cause, client), cause);
    }
  };
  const never = new AbortController().signal;
  return {
    name: url.replace(/\?.*$/, '').replace(/\/+$/, ''),
    addressOf,
    store: (object, signal = never) => asked(object.path, () => storeOnce(object, signal)),
    read: (path, signal = never) =>
      asked(path, async () => {
        const content = await get(path, signal);
        return content === null ? null : Buffer.concat(await content.toArray());
      }),
    fetch: (path, to, sha256, signal = never) =>
      asked(path, async () => {
        const content = await get(path, signal);
        return content !== null && (await writeIfSame(content, to, sha256, signal));
      }),
    close: () => client.destroy(),
  };
}

async function readLocal(path: string): Promise<Buffer> {
  return readFile(path).catch((error: unknown) => {
    throw toStorageError(error, path);
  });
}

async function hashOf(content: Readable): Promise<ObjectContent> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of content) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** Writes content to a file, flushed, if its hash is that one. */
async function writeIfSame(content: Readable, to: string, sha256: string, signal: AbortSignal) {
  const temporary = newTemporaryPath(to);
  const hash = createHash('sha256');
  try {
    await ensureDir(dirname(to));
    const file = createWriteStream(temporary, { flags: 'wx', flush: true });
    content.on('data', (chunk) => hash.update(chunk));
    await pipeline(content, file, { signal });
    const isSame = hash.digest('hex') === sha256;
    if (isSame) await rename(temporary, to);
    return isSame;
  } catch (error) {
    throw error instanceof Error && 'syscall' in error ? toStorageError(error, to) : error;
  } finally {
    await removeTemporary(temporary);
  }
}

function statusOf(error: unknown): number | null {
  const { $metadata } = (error ?? {}) as { $metadata?: { httpStatusCode?: number } };
  return $metadata?.httpStatusCode ?? null;
}

/** Returns true if an object is missing; a missing bucket is a fault. */
function isMissing(error: unknown): boolean {
  const name = error instanceof Error ? error.name : '';
  return statusOf(error) === 404 && name !== 'NoSuchBucket';
}

/** Returns true if there is an object already, or another machine writes it right now. */
function isConflict(error: unknown): boolean {
  const status = statusOf(error);
  return status === 412 || status === 409;
}

/** Returns what lies in the place of an object, if it counts as that. */
function agreed(
  { sha256: wanted, predictionId }: NewObject,
  { prediction, ...there }: ObjectContent & { readonly prediction: string | null },
  address: string,
): ObjectContent {
  const isOwn = predictionId !== null && prediction === predictionId;
  if (there.sha256 === wanted || isOwn) return there;
  throw other(address, there.sha256, wanted);
}

function other(address: string, got: string, wanted: string): DeliveryError {
  return new DeliveryError(
    `${address} exists with another content: expected sha256 ${wanted.slice(0, 12)}…, got ${got.slice(0, 12)}…`,
    {
      destination: address,
      suggestion: 'Something else has written it: a run needs a prefix of its own. Nothing was replaced.',
    },
  );
}

function refused(address: string, reason: string, cause: unknown): StorageError {
  return new StorageError('ERR_BUCKET', `The bucket refuses ${address}: ${reason}`, {
    recoverable: true,
    suggestion: 'Check the bucket and the credentials of this machine.',
    cause,
  });
}
