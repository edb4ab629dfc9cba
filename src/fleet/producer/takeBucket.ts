import { lastValueFrom } from 'rxjs';
import type { Bucket } from '../../sinks/destinations/s3Bucket.ts';
import { enterBucket } from '../bucket/enterBucket.ts';
import type { Database } from '../database/connection.ts';
import { createRunCalls } from '../database/runCalls.ts';
import { PLAN_FORMAT } from '../packedPlans.ts';
import type { RunToLoad } from './loadRun.ts';

/** Attempts of a request: a person waits. */
const MAX_ATTEMPTS = 3;

/**
 * Takes the bucket of a run, which the database knows before: then the same command resumes it,
 * even if this one is killed at any point. Resolves with null if the run has none. If the bucket
 * cannot be had, a run that is new is forgotten again. Rejects with `UsageError`.
 */
export async function takeBucket(
  database: Database,
  { settings, isNew, ...run }: Omit<RunToLoad, 'account' | 'plans'> & { readonly isNew: boolean },
): Promise<Bucket | null> {
  if (settings.bucket === null) return null;
  const calls = createRunCalls(database);
  const opened = await lastValueFrom(calls.open({ ...run, settings, planFormat: PLAN_FORMAT }));
  try {
    return await enterBucket(settings.bucket, { begins: true, maxAttempts: MAX_ATTEMPTS });
  } catch (error) {
    if (isNew) await lastValueFrom(calls.forget(opened.run));
    throw error;
  }
}
