import type { RunCounts } from '../events/createRunCounter.ts';
import type { ModelTotals } from '../sinks/createCostTracker.ts';
import type { FailureStage } from '../sinks/failureStage.ts';
import type { Outcome } from '../types.ts';

/** A job under way. */
export interface ActiveJob {
  readonly index: number;
  /** On one line, its beginning only. */
  readonly prompt: string;
  readonly state: string;
  readonly attempt: number;
  readonly sinceMs: number;
}

/** A job that was given up, and why. */
export type FailedJob = Pick<Outcome, 'index' | 'prompt' | 'error'>;

/** Where a run stands, for those who show it. Small, however many jobs there are. */
export interface Progress extends RunCounts {
  readonly folder: string;
  readonly concurrency: number;
  /** What each model's jobs came to. */
  readonly costByModel: Readonly<Record<string, ModelTotals>>;
  /** Failed jobs by where on their way they failed. */
  readonly failuresByStage: Readonly<Record<FailureStage, number>>;
  /** Jobs that used the result of an equal request. */
  readonly cached: number;
  /** Predictions created or found again. */
  readonly predictions: number;
  readonly retries: number;
  /** How often the service refused a create for now. */
  readonly throttles: number;
  /** Until when the service wants no creates, as far as it is known. */
  readonly pausedUntilMs: number;
  /** The first few. */
  readonly failures: readonly FailedJob[];
  /** Failures that another run may mend. */
  readonly recoverableFailures: number;
  /** Why the first of the skipped was skipped. */
  readonly skipReason: string | null;
  /** Jobs under way, the oldest first. */
  readonly active: ReadonlyMap<number, ActiveJob>;
}
