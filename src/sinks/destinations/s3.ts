import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { contentTypeOf } from '../../base/pictures.ts';
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
 * manifest, so the service refuses data that was corrupted on the way. Uploading an object again
 * replaces it.
 *
 * Rejects with `UsageError` if the URL is invalid, the SDK is not installed, or the bucket cannot
 * be used.
 */
export async function openS3(url: string, folder: string, config: S3Config = {}): Promise<Destination> {
  const { bucket, prefix } = parseS3Url(url);
  const { client, HeadBucketCommand, PutObjectCommand, Upload } = await loadS3(config);
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }));
  } catch (cause) {
    client.destroy();
    throw new UsageError(`The bucket ${bucket} cannot be used: ${reasonOf(cause)}`, {
      suggestion:
        'Check its name, the credentials (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY or a profile) and AWS_REGION; for other services set AWS_ENDPOINT_URL_S3.',
      cause,
    });
  }
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
        ...(sha256 === null ? {} : { ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64') }),
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
          ChecksumAlgorithm: 'SHA256',
        },
      });
      signal.addEventListener('abort', () => void parts.abort());
      await parts.done();
    }
    return `s3://${bucket}/${keyOf(path)}`;
  };
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
    name: url.replace(/\/+$/, ''),
    concurrency: config.concurrency ?? 8,
    deliver: (outcome) =>
      fromAbortable(async (signal) => {
        try {
          return await deliver(outcome, signal);
        } catch (cause) {
          throw undelivered(url, outcome, cause);
        }
      }),
    close: async () => client.destroy(),
  };
}

function undelivered(url: string, { index }: Outcome, cause: unknown): DeliveryError {
  return new DeliveryError(`Cannot deliver image #${index + 1} to ${url}: ${reasonOf(cause)}`, {
    destination: url,
    recoverable: true,
    suggestion: 'Run the same command again: it uploads the image from the disk, without making it again.',
    cause,
  });
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const code = 'Code' in cause ? String(cause.Code) : cause.name;
  return cause.message === '' || cause.message === 'UnknownError' ? code : `${code} (${cause.message})`;
}

/** A bucket and a prefix in an S3-compatible store. */
interface S3Location {
  readonly bucket: string;
  /** Prefix without slashes at its ends; empty for the bucket itself. */
  readonly prefix: string;
}

/** Parses `s3://bucket/prefix`. Throws `UsageError` if the URL is invalid. */
export function parseS3Url(url: string): S3Location {
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
  const [, bucket, path = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(url) ?? [];
  const prefix = path.replace(/^\/+|\/+$/g, '');
  if (bucket !== undefined && !prefix.split('/').includes('..')) return { bucket, prefix };
  throw new UsageError(`Expected s3://BUCKET or s3://BUCKET/PREFIX, got ${url}`, {
    suggestion: 'Bucket names have 3 to 63 lower-case letters, digits, points and hyphens.',
  });
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
  const server = endpoint ?? process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL;
  const client = new S3Client({
    maxAttempts,
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
