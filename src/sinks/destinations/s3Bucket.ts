import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { toStorageError } from '../../disk/storageError.ts';
import { DeliveryError, StorageError } from '../../errors.ts';
import { parseS3Url } from './s3Address.ts';
import { loadS3, MULTIPART_BYTES, reasonOf } from './s3Client.ts';
import type { S3Config } from './s3Config.ts';
import { hashOf, type ObjectContent, writeIfSame } from './s3Content.ts';

/** An object to store. */
export interface NewObject extends ObjectContent {
  /** Path below the prefix. */
  readonly path: string;
  /** The content, or the absolute path of the file that has it. */
  readonly source: Uint8Array | string;
  readonly contentType: string;
  /**
   * The source of the object, such as the id of a prediction. An object of the same path and origin
   * counts as this one, also if its bytes differ, as two encoders' do. Null: only an identical one
   * does.
   */
  readonly origin: string | null;
}

/** The object at a path that was to be stored. */
export interface StoredObject extends ObjectContent {
  /** False if it was there already. */
  readonly isNew: boolean;
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
  store(object: NewObject, signal?: AbortSignal): Promise<StoredObject>;
  /** Reads a small object; resolves with null if there is none. */
  read(path: string, signal?: AbortSignal): Promise<Buffer | null>;
  /**
   * Reads an object into a file. Resolves with false, and leaves no file, if there is no object or
   * its content is another one.
   */
  fetch(path: string, to: string, sha256: string, signal?: AbortSignal): Promise<boolean>;
  close(): void;
}

/** Times that two machines which write the same object at once try again. */
const MOST_TURNS = 8;
/** Pause after the first such turn; it doubles. */
const PAUSE_MS = 50;

/**
 * Opens a bucket as a store that several machines write to. Objects are put with `If-None-Match: *`
 * and carry their hash and origin as metadata, so that nothing is ever replaced and a second writer
 * reads the existing object. Rejects with `UsageError` if the URL is invalid, or if the SDK is not
 * installed; sends no request to the store.
 *
 *     first     store(a, 'x')   --(x|)
 *     second    store(a, 'x')   --(x|)    equal
 *     third     store(a, 'y')   --(x|)    of the same origin: x lies there
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
    const { path, source, bytes, sha256, contentType, origin } = object;
    const params = {
      ...at(path),
      IfNoneMatch: '*',
      ContentType: contentType,
      Metadata: { sha256, ...(origin !== null && { origin }) },
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
  /**
   * Returns the object at a path, by its metadata or else by its content; null if there is none.
   */
  const look = async (path: string, signal: AbortSignal) => {
    const head = await client
      .send(new HeadObjectCommand(at(path)), { abortSignal: signal })
      .catch((error: unknown) => {
        if (isMissing(error)) return null;
        throw error;
      });
    if (head === null) return null;
    const { sha256, origin = null } = head.Metadata ?? {};
    if (sha256 !== undefined) return { sha256, bytes: head.ContentLength ?? 0, origin };
    const content = await get(path, signal);
    return content === null ? null : { ...(await hashOf(content)), origin };
  };
  const isPut = (object: NewObject, signal: AbortSignal): Promise<boolean> =>
    put(object, signal).then(
      () => true,
      (error: unknown) => {
        if (isConflict(error)) return false;
        throw error;
      },
    );
  const storeOnce = async (object: NewObject, signal: AbortSignal): Promise<StoredObject> => {
    const { bytes, sha256 } = object;
    for (let turn = 0; turn < MOST_TURNS; turn += 1) {
      if (await isPut(object, signal)) return { bytes, sha256, isNew: true };
      const there = await look(object.path, signal);
      if (there !== null) return agreed(object, there, addressOf(object.path));
      await setTimeout(PAUSE_MS * 2 ** turn, undefined, { signal });
    }
    throw new Error('other machines write it again and again');
  };
  /** Calls the store; its refusals are faults of the bucket. */
  const asked = async <T>(path: string, call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (cause) {
      if (cause instanceof DeliveryError || cause instanceof StorageError) throw cause;
      const reason = await reasonOf(cause, client);
      throw isOfObject(cause)
        ? unsuitable(addressOf(path), reason, cause)
        : refused(addressOf(path), reason, cause);
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

/** Returns the existing object if it counts as the wanted one. */
function agreed(
  { sha256: wanted, origin }: NewObject,
  there: ObjectContent & { readonly origin: string | null },
  address: string,
): StoredObject {
  const { bytes, sha256 } = there;
  const isOwn = origin !== null && origin === there.origin;
  if (sha256 === wanted || isOwn) return { bytes, sha256, isNew: false };
  throw other(address, sha256, wanted);
}

/** Refusals that another machine would get, too: they are of one object. */
const OBJECT_FAULTS = new Set(['KeyTooLongError', 'EntityTooLarge', 'InvalidArgument', 'InvalidURI']);

function isOfObject(error: unknown): boolean {
  return error instanceof Error && OBJECT_FAULTS.has(error.name);
}

function unsuitable(destination: string, reason: string, cause: unknown): DeliveryError {
  const suggestion = 'Give it a shorter name, or another place.';
  return new DeliveryError(`${destination} cannot be stored: ${reason}`, { destination, suggestion, cause });
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
