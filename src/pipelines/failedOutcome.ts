import { BudgetError, RxposureError, StorageError } from '../errors.ts';
import type { Outcome } from '../types.ts';
import type { JobAccount } from './createJobAccount.ts';
import type { Run } from './createRun.ts';
import { describeJob } from './describeJob.ts';
import { outcomeError } from './outcomeError.ts';

/**
 * The outcome of a job that had to be given up: `skipped` where the budget or the user's wish was in the way, else `failed`.
 * Throws the error on where it concerns the whole run: a disk that refuses, a fault of our own.
 */
export function failedOutcome(account: JobAccount, error: unknown, run: Run): Outcome {
  if (concernsWholeRun(error)) throw error;
  return {
    ...describeJob(account, run),
    status: isSkipped(error) ? 'skipped' : 'failed',
    files: [],
    error: outcomeError(error),
  };
}

function isSkipped(error: unknown): boolean {
  return error instanceof BudgetError || (error instanceof RxposureError && error.code === 'ERR_STOPPED');
}

function concernsWholeRun(error: unknown): boolean {
  return error instanceof StorageError || !(error instanceof RxposureError);
}
