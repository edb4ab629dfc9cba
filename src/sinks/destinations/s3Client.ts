import type { S3Client } from '@aws-sdk/client-s3';
import { createRedact } from '../../base/secrets.ts';
import { UsageError } from '../../errors.ts';
import type { S3Config } from './s3Config.ts';

/**
 * Size above which a file is uploaded in parts, so that a broken connection costs only one part.
 */
export const MULTIPART_BYTES = 16 * 1024 * 1024;

/** Loads the SDK: it is large and few runs need it, so it is an optional peer dependency. */
export async function loadS3({ endpoint, region, credentials, maxAttempts = 3 }: S3Config) {
  const [{ S3Client, ...commands }, { Upload }] = await Promise.all([
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
    // A bucket in another region names its region in the error.
    followRegionRedirects: true,
    ...s3Connections(),
    ...(region === undefined ? defaultRegion() : { region }),
    ...(credentials === undefined ? {} : { credentials }),
    // Self-hosted servers seldom have a host name for each bucket.
    ...(server === undefined ? {} : { endpoint: server, forcePathStyle: true }),
  });
  return { client, ...commands, Upload };
}

function defaultRegion() {
  const { AWS_REGION, AWS_DEFAULT_REGION, AWS_PROFILE } = process.env;
  return (AWS_REGION ?? AWS_DEFAULT_REGION ?? AWS_PROFILE) ? {} : { region: 'us-east-1' };
}

/** Returns the error of a bucket that cannot be used, with the remedy. */
export function unusable(bucket: string, reason: string, cause: unknown): UsageError {
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

/** Returns the store's message about a failure, without the credentials that it was sent. */
export async function reasonOf(cause: unknown, { config }: S3Client): Promise<string> {
  if (!(cause instanceof Error)) return String(cause);
  const sent = await config.credentials().catch(() => null);
  const redact = createRedact([sent?.secretAccessKey, sent?.sessionToken]);
  const code = redact('Code' in cause ? String(cause.Code) : cause.name);
  const isWordless = cause.message === '' || cause.message === 'UnknownError';
  return isWordless ? code : `${code} (${redact(cause.message)})`;
}
