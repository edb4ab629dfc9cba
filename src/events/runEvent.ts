import type {
  Json,
  Outcome,
  OutcomeError,
  PlannedUploads,
  PredictionStatus,
  SpendingPeriod,
} from '../types.ts';
import type { RunTotals } from './totals.ts';

/** An event of a run, emitted as it happens; one line of JSON under `--json`. */
export type RunEvent =
  /** A page shows the run live. */
  | { readonly type: 'watch.started'; readonly url: string }
  /** Before the start: the local files that the jobs send to the service. */
  | {
      readonly type: 'uploads.planned';
      readonly files: number;
      readonly folders: PlannedUploads['folders'];
    }
  | {
      readonly type: 'run.started';
      readonly folder: string;
      readonly total: number;
      readonly alreadySaved: number;
      /** Jobs to make, if `only` leaves some out. Absent: all that are not saved. */
      readonly jobs?: number;
      readonly concurrency: number;
      /** Name of the service: `replicate`, `simulator`, …; absent if it has none. */
      readonly service?: string;
    }
  /** With a cache: another process makes the same result, and the job waits for it. */
  | {
      readonly type: 'job.waiting';
      readonly index: number;
      readonly prompt: string;
      /** That process, for people. */
      readonly holder: string;
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
      readonly prompt: string;
      readonly predictionId: string;
      readonly status: PredictionStatus;
    }
  /**
   * The response to a create request was lost: the job waits, without a slot, until its prediction
   * is found, or certainly was not made.
   */
  | { readonly type: 'prediction.lost'; readonly index: number; readonly error: OutcomeError }
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
  /** The model failed for good: the next of the fallbacks is tried. */
  | {
      readonly type: 'job.fallback';
      readonly index: number;
      readonly model: string;
      readonly error: OutcomeError;
    }
  /** The job failed for now: it is tried again when all others are done. */
  | { readonly type: 'job.postponed'; readonly index: number; readonly error: OutcomeError }
  /** All jobs have had their turn; the postponed ones are tried again after a pause. */
  | {
      readonly type: 'recovery.started';
      readonly round: number;
      readonly jobs: number;
      readonly waitMs: number;
    }
  /** With the strategy `waves`. */
  | { readonly type: 'wave.started'; readonly wave: number; readonly jobs: number }
  | {
      readonly type: 'wave.completed';
      readonly wave: number;
      readonly jobs: number;
      readonly saved: number;
      readonly failed: number;
      /** Since the wave began. */
      readonly elapsedMs: number;
    }
  /**
   * With the strategy `queue`: the state of a lane. `turn` counts the job's turns from 1; requeued:
   * moved to the end of the line.
   */
  | {
      readonly type: 'lane.started' | 'lane.completed' | 'lane.requeued';
      readonly lane: number;
      readonly index: number;
      readonly turn: number;
    }
  /**
   * With the strategy `sequential`, after each job. `total` does not count jobs that `only` leaves
   * out; `elapsedMs` is that of the run so far.
   */
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
  /** The model failed so often in a row that it is not called for a while. */
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
      /** Indexes of the images that go into the next round, the best first. */
      readonly kept: readonly number[];
    }
  /** With `--concurrency auto`: the number of concurrent predictions from now on. */
  | { readonly type: 'concurrency.changed'; readonly concurrency: number }
  /**
   * No create request is sent for this time: the service refused one as too fast, or the limits in
   * its responses show that it has no room (reported from 5 s on). `message` is the reason, in the
   * words of the service; absent if it gave none.
   */
  | {
      readonly type: 'rate.paused';
      readonly waitMs: number;
      readonly reason: 'refused' | 'limits';
      readonly message?: string;
    }
  /**
   * The service, or the host of its files, does not respond: jobs wait for it instead of failing.
   * `error` is that of the last call, `maxMs` the time for which they wait at most.
   */
  | {
      readonly type: 'outage.began';
      readonly of: 'service' | 'files';
      readonly error: OutcomeError;
      readonly maxMs: number;
    }
  /** It responds again, and the run continues; or jobs have waited for it for too long. */
  | {
      readonly type: 'outage.ended';
      readonly of: 'service' | 'files';
      readonly awayMs: number;
      readonly isTooLong?: true;
    }
  | { readonly type: 'image.downloaded'; readonly index: number; readonly bytes: number }
  /** A job has its outcome, which is on disk. */
  | {
      readonly type: 'image.saved';
      readonly outcome: Outcome;
      /** True if a deleted image was restored: an earlier run has paid for it. */
      readonly paidBefore?: true;
      /** Part of its cost that earlier runs have counted. Absent: none, or all of it. */
      readonly paidBeforeUsd?: number;
    }
  | { readonly type: 'job.failed'; readonly outcome: Outcome; readonly paidBeforeUsd?: number }
  | { readonly type: 'job.skipped'; readonly outcome: Outcome; readonly paidBeforeUsd?: number }
  /**
   * At the end of a run, of a job that has its outcome: the service had not reported its times when
   * it sent the output, and has now. Manifest and sidecar are corrected.
   */
  | {
      readonly type: 'job.measured';
      readonly index: number;
      readonly model: string;
      readonly cached: boolean;
      readonly metrics: Readonly<Record<string, Json>>;
      readonly completedAt: string | null;
      readonly costUsd: number | null;
      /** The job's cost less the amount booked before. */
      readonly costChangeUsd: number;
      /** The estimate that `costUsd` replaces; 0 if it was none. */
      readonly estimateUsd: number;
    }
  /** Before anything is paid: the budget does not suffice for the jobs that are left. */
  | {
      readonly type: 'budget.short';
      /** Jobs that are to be made. */
      readonly requested: number;
      /** Jobs that the budget suffices for, each at its first attempt. */
      readonly allowed: number;
      readonly limitMicroUsd: number;
      /** The budget with which all can be made, in whole cents: the spent money, and the rest. */
      readonly neededUsd: number;
    }
  /** Reserved and spent money has reached four fifths of the budget. */
  | {
      readonly type: 'budget.warning';
      /** Set for the limit of a day or a month, which holds for all runs of this machine. */
      readonly period?: SpendingPeriod;
      readonly limitMicroUsd: number;
      readonly reservedMicroUsd: number;
      readonly spentMicroUsd: number;
    }
  | { readonly type: 'warning'; readonly message: string }
  /** A run with `--detach` has left predictions to the service, after `run.completed`. */
  | {
      readonly type: 'run.detached';
      readonly jobs: number;
      /** The command that collects them. */
      readonly command: string;
      /** Until then all of their outputs are there, ms since 1970. */
      readonly untilMs: number;
    }
  | { readonly type: 'run.completed'; readonly totals: RunTotals; readonly elapsedMs: number };

/**
 * Receives the run's events. Its promises are not awaited, and an error that it throws becomes a
 * warning of the process.
 */
export type EmitEvent = (event: RunEvent) => void;
