import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { fromAbortable } from '../../base/fromAbortable.ts';
import { contentTypeOf } from '../../base/pictures.ts';
import { prettyJson } from '../../disk/jsonFile.ts';
import { DeliveryError, UsageError } from '../../errors.ts';
import type { Destination } from '../../ports.ts';
import type { Outcome, OutcomeFile } from '../../types.ts';
import { sidecarPath } from '../manifest/sidecar.ts';

export interface S3Config {
  /** Of the server, where it is not Amazon's; with one, buckets stand in the path. Default: `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`. */
  endpoint?: string;
  /** Default: what the SDK finds (`AWS_REGION`, profile), else `us-east-1`. */
  region?: string;
  /** Default: what the SDK finds: environment, profile, role of the machine. */
  credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Uploads at the same time. Default 8. */
  concurrency?: number;
  /** Tries of one request, the first included. Default 3. */
  maxAttempts?: number;
}

/** Above this a file goes up in parts, so that a broken connection costs a part. */
const MULTIPART_BYTES = 16 * 1024 * 1024;

/**
 * An S3-compatible bucket, `s3://bucket/prefix`: files at the same paths as in the run folder, sidecars too. Each upload names
 * the sha256 that the manifest has, so the service refuses what was changed on the way. Uploading again replaces an object
 * by itself.
 *
 * Rejects with `UsageError` where the URL is none, the SDK is not installed, or the bucket cannot be used: nothing was created then.
 */
export async function openS3(url: string, folder: string, config: S3Config = {}): Promise<Destination> {
  const { bucket, prefix } = parseS3Url(url);
  const { client, HeadBucketCommand, PutObjectCommand, Upload } = await loadS3(config);
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }));
  } catch (cause) {
    client.destroy();
    throw new UsageError(`Expected a bucket that can be used, got ${bucket}: ${reasonOf(cause)}`, {
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
    const source = join(folder, path);
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
          throw refused(url, outcome, cause);
        }
      }),
    close: async () => client.destroy(),
  };
}

function refused(url: string, { index }: Outcome, cause: unknown): DeliveryError {
  return new DeliveryError(`Expected ${url} to take image #${index + 1}, got: ${reasonOf(cause)}`, {
    destination: url,
    recoverable: true,
    suggestion: 'Run the same command again: the image is on disk and is not made anew.',
    cause,
  });
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const code = 'Code' in cause ? String(cause.Code) : cause.name;
  return cause.message === '' || cause.message === 'UnknownError' ? code : `${code} (${cause.message})`;
}

/** Where in an S3-compatible store. */
interface S3Place {
  readonly bucket: string;
  /** Without slashes at its ends; empty: the bucket itself. */
  readonly prefix: string;
}

/** Reads `s3://bucket/prefix`; throws `UsageError` where it is something else. */
export function parseS3Url(url: string): S3Place {
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
  const [, bucket, path = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(url) ?? [];
  const prefix = path.replace(/^\/+|\/+$/g, '');
  if (bucket !== undefined && !prefix.split('/').includes('..')) return { bucket, prefix };
  throw new UsageError(`Expected s3://BUCKET or s3://BUCKET/PREFIX, got ${url}`, {
    suggestion: 'Bucket names have 3 to 63 lower-case letters, digits, points and hyphens.',
  });
}

/** The SDK is large and only some runs need it, so it is an optional peer dependency that is loaded here alone. */
async function loadS3({ endpoint, region, credentials, maxAttempts = 3 }: S3Config) {
  const [{ HeadBucketCommand, PutObjectCommand, S3Client }, { Upload }] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('@aws-sdk/lib-storage'),
  ]).catch((cause: unknown) => {
    throw new UsageError('Expected the AWS SDK to be installed for s3://, but it is not', {
      suggestion: 'Run: npm install @aws-sdk/client-s3 @aws-sdk/lib-storage',
      cause,
    });
  });
  const server = endpoint ?? process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL;
  const client = new S3Client({
    maxAttempts,
    ...(region === undefined ? defaultRegion() : { region }),
    ...(credentials === undefined ? {} : { credentials }),
    // Servers of one's own seldom have a host name for each bucket.
    ...(server === undefined ? {} : { endpoint: server, forcePathStyle: true }),
  });
  return { client, HeadBucketCommand, PutObjectCommand, Upload };
}

function defaultRegion() {
  const { AWS_REGION, AWS_DEFAULT_REGION, AWS_PROFILE } = process.env;
  return (AWS_REGION ?? AWS_DEFAULT_REGION ?? AWS_PROFILE) ? {} : { region: 'us-east-1' };
}
