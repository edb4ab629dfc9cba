import type { Outcome } from '../types.ts';
import type { EventOf } from './observeRun.ts';
import type { RunEvent } from './runEvent.ts';

/** A step of one job. */
export interface JobProgress {
  readonly index: number;
  readonly prompt: string;
  /**
   * `creating`: its create request is sent; `processing`: the service has its prediction. A job
   * that is tried again begins with `creating` again; one that takes an earlier result ends at
   * once.
   */
  readonly status: 'creating' | 'processing' | Outcome['status'];
  /** Null until it is known. */
  readonly predictionId: string | null;
  /** Since its first create request in this run; 0 without one. */
  readonly elapsedMs: number;
}

/** Follows the jobs of a run by its events. */
interface JobFollower {
  /** Returns the step that an event is; null if it is none. */
  stepOf(event: RunEvent): JobProgress | null;
}

interface Begun {
  readonly prompt: string;
  readonly atMs: number;
}

/** Creates a follower that remembers the jobs in flight. `now` is the clock, in ms. */
export function createJobFollower(now: () => number): JobFollower {
  const begun = new Map<number, Begun>();
  const step = (
    index: number,
    { prompt, atMs }: Begun,
    status: JobProgress['status'],
    predictionId: string | null,
  ): JobProgress => ({ index, prompt, status, predictionId, elapsedMs: now() - atMs });
  return {
    stepOf(event) {
      switch (event.type) {
        case 'prediction.creating': {
          const { index, prompt } = event;
          const job = begun.get(index) ?? { prompt, atMs: now() };
          begun.set(index, job);
          return step(index, job, 'creating', null);
        }
        case 'prediction.created': {
          const { index, prompt, predictionId } = event;
          // An earlier run has created a prediction that is resumed.
          const job = begun.get(index) ?? { prompt, atMs: now() };
          begun.set(index, job);
          return step(index, job, 'processing', predictionId);
        }
        case 'image.saved':
        case 'job.failed':
        case 'job.skipped': {
          const { index, prompt, status, predictionId } = event.outcome;
          const { atMs } = begun.get(index) ?? { atMs: now() };
          begun.delete(index);
          return step(index, { prompt, atMs }, status, predictionId);
        }
        default:
          return null;
      }
    },
  };
}

/** The end of a wave, as a batch of the run. */
export interface BatchProgress {
  /** Number of the batch, from 1; those of a recovery round count on. */
  readonly batch: number;
  /** Batches so far, and those of the jobs that are left: a recovery round adds its own. */
  readonly total: number;
  /** Jobs of this batch; the last one may have fewer. */
  readonly jobs: number;
  readonly saved: number;
  readonly failed: number;
  /** From the start of the batch to its end, without the pause between batches. */
  readonly elapsedMs: number;
}

/** Counts the batches of a run by its events. */
interface BatchCounter {
  /** Returns the batch that an event ends; null if it ends none. */
  endOf(event: RunEvent): BatchProgress | null;
}

/** Creates a counter of the batches of a run. */
export function createBatchCounter(): BatchCounter {
  /** Jobs that are in no batch yet. */
  let left = 0;
  let size = 1;
  let batch = 0;
  const ended = ({ jobs, saved, failed, elapsedMs }: EventOf<'wave.completed'>): BatchProgress => {
    batch += 1;
    left = Math.max(0, left - jobs);
    return { batch, total: batch + Math.ceil(left / size), jobs, saved, failed, elapsedMs };
  };
  return {
    endOf(event) {
      if (event.type === 'run.started') left = event.jobs ?? event.total - event.alreadySaved;
      if (event.type === 'recovery.started') left = event.jobs;
      if (event.type === 'wave.started' && event.wave === 1) size = event.jobs;
      return event.type === 'wave.completed' ? ended(event) : null;
    },
  };
}
