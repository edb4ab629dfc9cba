import { onTestFinished, vi } from 'vitest';
import { aBucket, type Bucket, type BucketHooks, credentials } from '../sinks/destinations/aBucket.ts';

/** Starts a bucket `pictures`, to which all of this process lead until the test is over. */
export async function theBucket(hooks: BucketHooks = {}): Promise<Bucket> {
  const bucket = await aBucket('pictures', hooks);
  vi.stubEnv('AWS_ENDPOINT_URL_S3', bucket.endpoint);
  vi.stubEnv('AWS_ACCESS_KEY_ID', credentials.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', credentials.secretAccessKey);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await bucket.close();
  });
  return bucket;
}
