import type { JobRecord, Reservation } from '../ports.ts';
import type { ImageFile, Plan, Prediction } from '../types.ts';

/** What has happened to one job so far: its attempts, the money held and paid for it, what came back. */
export interface JobAccount {
  readonly plan: Plan;
  /** What an earlier run left open; null once it has been taken up. */
  left: JobRecord | null;
  /** Originals that an earlier run brought to disk. */
  readonly filesLeft: readonly ImageFile[];
  /** Runs of this job, the open one included. */
  attempts: number;
  /** When the open attempt began, ms since 1970. */
  startedAtMs: number;
  /** The job's newest prediction. */
  prediction: Prediction | null;
  /** Money held for the open attempt. */
  reservation: Reservation | null;
  /** Paid for ended attempts. */
  paidMicroUsd: number;
}

/** Opens the account of a job, going on from what an earlier run wrote down about the same request. */
export function createJobAccount(plan: Plan, record: JobRecord | undefined): JobAccount {
  const left = record !== undefined && record.key === plan.key ? record : null;
  return {
    plan,
    left,
    filesLeft: left?.files ?? [],
    attempts: left?.attempts ?? 0,
    startedAtMs: left?.intendedAtMs ?? 0,
    prediction: left?.prediction ?? null,
    reservation: null,
    paidMicroUsd: left?.costMicroUsd ?? 0,
  };
}
