import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { contentTypeOf } from '../../base/pictures.ts';
import { createRedact } from '../../base/secrets.ts';
import { insideFolder } from '../../disk/insideFolder.ts';
import { prettyJson } from '../../disk/writeFiles.ts';
import { DeliveryError, UsageError } from '../../errors.ts';
import type { Destination } from '../../ports.ts';
import type { Outcome, OutcomeFile } from '../../types.ts';
import { sidecarPath } from '../manifest/sidecar.ts';

export interface S3Config {
  /**
   * URL of a server other than Amazon's; the bucket then is part of the path. Default:
   * `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`.
   */
  endpoint?: string;
  /** Default: that of the SDK (`AWS_REGION`, profile), else `us-east-1`. */
  region?: string;
  /** Default: those of the SDK (environment, profile, role of the machine). */
  credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Outcomes delivered at the same time. Default 8. */
  concurrency?: number;
  /** Attempts of one request, including the first. Default 3. */
  maxAttempts?: number;
}

/**
 * Size above which a file is uploaded in parts, so that a broken connection costs only one part.
 */
const MULTIPART_BYTES = 16 * 1024 * 1024;

/**
 * Opens an S3-compatible bucket, `s3://bucket/prefix`, as a destination. Objects have the same
 * paths as in the run folder, sidecars included. Uploads up to 16 MiB carry the sha256 of the
 * manifest, so the service refuses data that was corrupted on the way, unless the SDK's own
 * settings forbid checksums. Uploading an object again replaces it. Encryption on the server is
 * asked for in the URL: `s3://bucket/prefix?sse=AES256`.
 *
 * Uploads `run.json` as a trial, so that nothing is paid for images that the bucket would refuse.
 * Rejects with `UsageError` if it does, if the URL is invalid, or if the SDK is not installed.
 */
export async function openS3(url: string, folder: string, config: S3Config = {}): Promise<Destination> {
  const { bucket, prefix, encryption } = parseS3Url(url);
  const { client, HeadBucketCommand, PutObjectCommand, Upload } = await loadS3(config);
  // Some stores refuse the headers; `AWS_REQUEST_CHECKSUM_CALCULATION` and profiles say so.
  const sendsChecksums = (await client.config.requestChecksumCalculation()) !== 'WHEN_REQUIRED';
  const keyOf = (path: string) => posix.join(prefix, path);
  const put = async (
    path: string,
    body: Uint8Array,
    sha256: string | null,
    type: string,
    signal: AbortSignal,
  ) => {
    await client.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: keyOf(path),
        Body: body,
        ContentLength: body.length,
        ContentType: type,
        ...encryption,
        ...(sha256 === null || !sendsChecksums
          ? {}
          : { ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64') }),
      }),
      { abortSignal: signal },
    );
  };
  const upload = async (file: OutcomeFile, signal: AbortSignal): Promise<string> => {
    const { path, bytes, sha256, format } = file;
    const type = contentTypeOf(format);
    const source = insideFolder(folder, path);
    if (bytes <= MULTIPART_BYTES) await put(path, await readFile(source), sha256, type, signal);
    else {
      const parts = new Upload({
        client,
        params: {
          Bucket: bucket,
          Key: keyOf(path),
          Body: createReadStream(source),
          ContentType: type,
          ...encryption,
          ...(sendsChecksums ? { ChecksumAlgorithm: 'SHA256' } : {}),
        },
      });
      signal.addEventListener('abort', () => void parts.abort());
      await parts.done();
    }
    return `s3://${bucket}/${keyOf(path)}`;
  };
  const tryOut = async (): Promise<void> => {
    const content = await readFile(join(folder, RUN_FILE)).catch(() => null);
    // Some credentials may put objects, but not look at the bucket.
    if (content === null) await client.send(new HeadBucketCommand({ Bucket: bucket }));
    else await put(RUN_FILE, content, null, 'application/json', new AbortController().signal);
  };
  await tryOut().catch(async (cause: unknown) => {
    const reason = await reasonOf(cause, client);
    client.destroy();
    throw unusable(bucket, reason, cause);
  });
  const deliver = async (outcome: Outcome, signal: AbortSignal): Promise<readonly string[]> => {
    const addresses: string[] = [];
    for (const file of outcome.files) addresses.push(await upload(file, signal));
    const [first] = outcome.files;
    if (first !== undefined) {
      const sidecar = Buffer.from(prettyJson(outcome));
      await put(sidecarPath(first.path), sidecar, null, 'application/json', signal);
    }
    return addresses;
  };
  return {
    name: url.replace(/\?.*$/, '').replace(/\/+$/, ''),
    concurrency: config.concurrency ?? 8,
    deliver: (outcome) =>
      fromAbortable(async (signal) => {
        try {
          return await deliver(outcome, signal);
        } catch (cause) {
          throw undelivered(url, outcome, await reasonOf(cause, client), cause);
        }
      }),
    close: async () => client.destroy(),
  };
}

/** The file of a run folder that says what the folder belongs to. */
const RUN_FILE = 'run.json';

function unusable(bucket: string, reason: string, cause: unknown): UsageError {
  const region = regionOf(cause);
  const suggestion =
    region === null
      ? 'Check its name, the credentials (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY or a profile) and AWS_REGION; for other services set AWS_ENDPOINT_URL_S3.'
      : `The bucket is in the region ${region}: set AWS_REGION=${region}.`;
  return new UsageError(`The bucket ${bucket} cannot be used: ${reason}`, { suggestion, cause });
}

/** Returns the region that a store names if a bucket is in another one; null if it names none. */
function regionOf(cause: unknown): string | null {
  const { $response } = (cause ?? {}) as { $response?: { headers?: Readonly<Record<string, string>> } };
  return $response?.headers?.['x-amz-bucket-region'] ?? null;
}

function undelivered(url: string, { index }: Outcome, reason: string, cause: unknown): DeliveryError {
  return new DeliveryError(`Cannot deliver image #${index + 1} to ${url}: ${reason}`, {
    destination: url,
    recoverable: true,
    suggestion: 'Run the same command again: it uploads the image from the disk, without making it again.',
    cause,
  });
}

/** Returns what the store says of a failure, without the credentials that it was sent. */
async function reasonOf(cause: unknown, { config }: S3Client): Promise<string> {
  if (!(cause instanceof Error)) return String(cause);
  const sent = await config.credentials().catch(() => null);
  const redact = createRedact([sent?.secretAccessKey, sent?.sessionToken]);
  const code = redact('Code' in cause ? String(cause.Code) : cause.name);
  const isWordless = cause.message === '' || cause.message === 'UnknownError';
  return isWordless ? code : `${code} (${redact(cause.message)})`;
}

/** A bucket and a prefix in an S3-compatible store. */
interface S3Location {
  readonly bucket: string;
  /** Prefix without slashes at its ends; empty for the bucket itself. */
  readonly prefix: string;
  readonly encryption: Encryption;
}

/** How a store encrypts objects; without properties as the bucket does by default. */
interface Encryption {
  readonly ServerSideEncryption?: (typeof ENCRYPTIONS)[number];
  readonly SSEKMSKeyId?: string;
}

const ENCRYPTIONS = ['AES256', 'aws:kms', 'aws:kms:dsse'] as const;

/**
 * Parses `s3://bucket/prefix`, with `?sse=AES256` or `?sse=aws:kms&kms-key=ID` for encryption on
 * the server. Throws `UsageError` if the URL is invalid.
 */
export function parseS3Url(url: string): S3Location {
  const [address = '', query = ''] = url.split(/\?(.*)/s);
  const encryption = encryptionOf(url, new URLSearchParams(query));
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
  const [, bucket, path = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(address) ?? [];
  const prefix = path.replace(/^\/+|\/+$/g, '');
  if (bucket !== undefined && !prefix.split('/').includes('..')) return { bucket, prefix, encryption };
  throw new UsageError(`Expected s3://BUCKET or s3://BUCKET/PREFIX, got ${url}`, {
    suggestion: 'Bucket names have 3 to 63 lower-case letters, digits, points and hyphens.',
  });
}

function encryptionOf(url: string, query: URLSearchParams): Encryption {
  const given = query.get('sse');
  const key = query.get('kms-key');
  const algorithm = ENCRYPTIONS.find((one) => one === given);
  const isKnown = [...query.keys()].every((name) => name === 'sse' || name === 'kms-key');
  const isComplete = given === null ? key === null : algorithm !== undefined;
  if (!isKnown || !isComplete || (key !== null && algorithm === 'AES256')) {
    throw new UsageError(`Expected s3://BUCKET/PREFIX?sse=${ENCRYPTIONS.join('|')}&kms-key=ID, got ${url}`, {
      suggestion: 'Both are optional; kms-key needs sse=aws:kms.',
    });
  }
  return {
    ...(algorithm === undefined ? {} : { ServerSideEncryption: algorithm }),
    ...(key === null ? {} : { SSEKMSKeyId: key }),
  };
}

/** Loads the SDK: it is large and few runs need it, so it is an optional peer dependency. */
async function loadS3({ endpoint, region, credentials, maxAttempts = 3 }: S3Config) {
  const [{ HeadBucketCommand, PutObjectCommand, S3Client }, { Upload }] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('@aws-sdk/lib-storage'),
  ]).catch((cause: unknown) => {
    throw new UsageError('s3:// needs the AWS SDK, which is not installed', {
      suggestion: 'Run: npm install @aws-sdk/client-s3 @aws-sdk/lib-storage',
      cause,
    });
  });
  const { s3Connections } = await import('./s3Connections.ts');
  const server = endpoint ?? process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL;
  const client = new S3Client({
    maxAttempts,
    // A bucket in another region says where it is.
    followRegionRedirects: true,
    ...s3Connections(),
    ...(region === undefined ? defaultRegion() : { region }),
    ...(credentials === undefined ? {} : { credentials }),
    // Self-hosted servers seldom have a host name for each bucket.
    ...(server === undefined ? {} : { endpoint: server, forcePathStyle: true }),
  });
  return { client, HeadBucketCommand, PutObjectCommand, Upload };
}

function defaultRegion() {
  const { AWS_REGION, AWS_DEFAULT_REGION, AWS_PROFILE } = process.env;
  return (AWS_REGION ?? AWS_DEFAULT_REGION ?? AWS_PROFILE) ? {} : { region: 'us-east-1' };
}
