import { UsageError } from '../../errors.ts';
import type { S3Config } from './openS3.ts';

/** The SDK is large and only some runs need it, so it is an optional peer dependency that is loaded here alone. */
export async function loadS3({ endpoint, region, credentials, maxAttempts = 3 }: S3Config) {
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
