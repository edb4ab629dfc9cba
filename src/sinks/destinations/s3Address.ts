import { expectOption } from '../../base/options.ts';
import { UsageError } from '../../errors.ts';

/** A bucket and a prefix in an S3-compatible store. */
export interface S3Location {
  readonly bucket: string;
  /** Prefix without slashes at its ends; empty for the bucket itself. */
  readonly prefix: string;
  readonly encryption: Encryption;
}

/** How a store encrypts objects; without properties as the bucket does by default. */
export interface Encryption {
  readonly ServerSideEncryption?: (typeof ENCRYPTIONS)[number];
  readonly SSEKMSKeyId?: string;
}

const ENCRYPTIONS = ['AES256', 'aws:kms', 'aws:kms:dsse'] as const;

/**
 * Parses `s3://bucket/prefix`, with `?sse=AES256` or `?sse=aws:kms&kms-key=ID` for encryption on
 * the server. Throws `UsageError` if the URL is invalid, a RangeError if it is no text.
 */
export function parseS3Url(url: string): S3Location {
  expectOption(typeof url === 'string', 'url', 's3://BUCKET or s3://BUCKET/PREFIX', url);
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
