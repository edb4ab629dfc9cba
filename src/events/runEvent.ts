import type { Outcome, OutcomeError, PredictionStatus } from '../types.ts';

/** Running totals of a run. */
export interface RunTotals {
  readonly total: number;
  readonly saved: number;
  readonly failed: number;
  readonly skipped: number;
  /** Saved by an earlier run in the same folder, not part of the three above. */
  readonly alreadySaved: number;
  readonly costUsd: number;
  /** True where at least one job had no known price, so `costUsd` is too low. */
  readonly costIncomplete: boolean;
}

/** What happens during a run, as it happens; one JSON line each under `--json`. */
export type RunEvent =
  /** A page shows the run while it goes. */
  | { readonly type: 'watch.started'; readonly url: string }
  | {
      readonly type: 'run.started';
      readonly folder: string;
      readonly total: number;
      readonly alreadySaved: number;
      readonly concurrency: number;
    }
  | {
      readonly type: 'prediction.creating';
      readonly index: number;
      readonly prompt: string;
      readonly model: string;
      readonly attempt: number;
    }
  | {
      readonly type: 'prediction.created';
      readonly index: number;
      readonly predictionId: string;
      readonly status: PredictionStatus;
    }
  | {
      readonly type: 'prediction.completed';
      readonly index: number;
      readonly predictionId: string;
      readonly status: PredictionStatus;
    }
  | {
      readonly type: 'job.retried';
      readonly index: number;
      readonly attempt: number;
      readonly error: OutcomeError;
    }
  /** The model failed for good: the next one of the fallbacks is tried. */
  | {
      readonly type: 'job.fallback';
      readonly index: number;
      readonly model: string;
      readonly error: OutcomeError;
    }
  /** The job failed for now: it is tried again when all others are done. */
  | { readonly type: 'job.postponed'; readonly index: number; readonly error: OutcomeError }
  /** All jobs had their turn; the postponed ones are tried again after a pause. */
  | {
      readonly type: 'recovery.started';
      readonly round: number;
      readonly jobs: number;
      readonly waitMs: number;
    }
  /** With the strategy `waves`. */
  | { readonly type: 'wave.started'; readonly wave: number; readonly jobs: number }
  | { readonly type: 'wave.completed'; readonly wave: number; readonly jobs: number }
  /** With the strategy `queue`: which lane did what. `turn` counts the job's turns from 1; requeued: to the end of the line. */
  | {
      readonly type: 'lane.started' | 'lane.completed' | 'lane.requeued';
      readonly lane: number;
      readonly index: number;
      readonly turn: number;
    }
  /** With the strategy `sequential`, after each job; the time is that of the run so far. */
  | {
      readonly type: 'job.progress';
      readonly current: number;
      readonly total: number;
      readonly percent: number;
      readonly prompt: string;
      readonly status: Outcome['status'];
      readonly predictionId: string | null;
      readonly elapsedMs: number;
    }
  /** The model failed so often in a row that nothing is begun with it for a while. */
  | {
      readonly type: 'model.paused';
      readonly model: string;
      readonly failures: number;
      readonly waitMs: number;
      readonly error: OutcomeError;
    }
  /** A round of a refinement is made, rated and decided. */
  | {
      readonly type: 'round.completed';
      /** 0 for the first candidates. */
      readonly round: number;
      readonly bestIndex: number;
      readonly bestScore: number;
      /** Indexes of the pictures that go on, the best first. */
      readonly kept: readonly number[];
    }
  /** With `--concurrency auto`: so many predictions at a time from now on. */
  | { readonly type: 'concurrency.changed'; readonly concurrency: number }
  | { readonly type: 'rate.paused'; readonly waitMs: number }
  | { readonly type: 'image.downloaded'; readonly index: number; readonly bytes: number }
  /** A job has its outcome, which is on disk. */
  | {
      readonly type: 'image.saved';
      readonly outcome: Outcome;
      /** True where it is there again, after it was deleted: an earlier run has paid for it. */
      readonly paidBefore?: true;
    }
  | { readonly type: 'job.failed'; readonly outcome: Outcome }
  | { readonly type: 'job.skipped'; readonly outcome: Outcome }
  /** Reserved and spent money has reached four fifths of the budget. */
  | {
      readonly type: 'budget.warning';
      readonly limitMicroUsd: number;
      readonly reservedMicroUsd: number;
      readonly spentMicroUsd: number;
    }
  | { readonly type: 'warning'; readonly message: string }
  | { readonly type: 'run.completed'; readonly totals: RunTotals; readonly elapsedMs: number };

/** Takes the run's events. Nobody waits for a promise of it, and what it throws becomes a warning of the process. */
export type EmitEvent = (event: RunEvent) => void;
