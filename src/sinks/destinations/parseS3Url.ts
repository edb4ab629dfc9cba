import { UsageError } from '../../errors.ts';

/** Where in an S3-compatible store. */
export interface S3Place {
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
