import { createHash } from 'node:crypto';
import { z } from 'zod';
import { prettyJson } from '../../disk/writeFiles.ts';
import { DeliveryError, StorageError, UsageError } from '../../errors.ts';
import { type Bucket, openBucket } from '../../sinks/destinations/s3Bucket.ts';
import type { S3Config } from '../../sinks/destinations/s3Config.ts';

/** The object that names the run of a prefix. */
const MARK = 'queue.json';

/** The content of the mark object. */
const markSchema = z.object({
  /** Known to the database alone, so that a run that was forgotten cannot meet its own images. */
  claim: z.string(),
});

/**
 * Opens the bucket of a run, and tries out the abilities that its workers need: it reads, writes,
 * and never replaces an object. The producer takes a prefix for its run (`begins`); a worker
 * expects to find it taken, so that a worker whose settings lead to another store makes nothing.
 *
 * Rejects with `UsageError` if the bucket cannot be used, or has the images of another run.
 */
export async function enterBucket(
  { url, claim }: { readonly url: string; readonly claim: string },
  { begins = false, ...config }: S3Config & { readonly begins?: boolean } = {},
): Promise<Bucket> {
  const bucket = await openBucket(url, config);
  try {
    await expectMark(bucket, claim, begins);
    return bucket;
  } catch (error) {
    bucket.close();
    if (error instanceof DeliveryError) throw ofAnother(bucket, error);
    if (error instanceof StorageError) throw unusable(bucket, error);
    throw error;
  }
}

async function expectMark(bucket: Bucket, claim: string, begins: boolean): Promise<void> {
  const found = await bucket.read(MARK);
  if (found === null && !begins) throw unclaimed(bucket);
  if (found !== null && claimOf(found) !== claim) throw ofAnother(bucket);
  const source = Buffer.from(prettyJson({ claim }));
  const sha256 = createHash('sha256').update(source).digest('hex');
  const mark = { path: MARK, source, bytes: source.length, sha256, contentType: 'application/json' };
  const store = () => bucket.store({ ...mark, origin: claim });
  if (found === null) await store();
  // It is there: only a store that replaces objects takes it again.
  if ((await store()).isNew) throw replaces(bucket);
}

function claimOf(found: Buffer): string | null {
  try {
    return markSchema.parse(JSON.parse(found.toString('utf8'))).claim;
  } catch {
    return null;
  }
}

function unclaimed({ addressOf }: Bucket): UsageError {
  return new UsageError(`${addressOf(MARK)} is missing: this is not the store that the run has begun in.`, {
    suggestion: 'Set AWS_ENDPOINT_URL_S3 on this machine as for the command that began the run.',
  });
}

function ofAnother({ name, addressOf }: Bucket, cause?: unknown): UsageError {
  return new UsageError(`${name} has images of another run, which are never replaced.`, {
    suggestion: `Choose another prefix. If that run has made nothing, delete ${addressOf(MARK)}.`,
    cause,
  });
}

function replaces({ name }: Bucket): UsageError {
  return new UsageError(`The store of ${name} ignores \`If-None-Match: *\`, and replaces objects.`, {
    suggestion: 'Use a store that knows conditional writes, or a shared folder with --shared.',
  });
}

function unusable({ name }: Bucket, cause: StorageError): UsageError {
  return new UsageError(`${name} cannot be used. ${cause.message}`, {
    suggestion:
      'Check its name and the credentials of this machine (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY or a profile), and AWS_REGION; for other services set AWS_ENDPOINT_URL_S3.',
    cause,
  });
}
