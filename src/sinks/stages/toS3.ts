import type { MonoTypeOperatorFunction } from 'rxjs';
import type { Outcome } from '../../types.ts';
import { openS3 } from '../destinations/s3.ts';
import { parseS3Url } from '../destinations/s3Address.ts';
import type { S3Config } from '../destinations/s3Config.ts';
import { toDestination } from './toDestination.ts';

/**
 * Uploads the files of each saved outcome from its folder to a bucket, `s3://bucket/prefix`, as
 * `openS3` does, and emits it with their URLs (`deliveredTo`). Throws `UsageError` for another URL.
 * Errors as `toSink`; `UsageError` before anything begins if the bucket cannot be used.
 */
export function toS3(url: string, folder: string, config: S3Config = {}): MonoTypeOperatorFunction<Outcome> {
  const { concurrency = 8 } = config;
  parseS3Url(url);
  return toDestination(url, () => openS3(url, folder, config), { concurrency });
}
