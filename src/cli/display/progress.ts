import { createRunCounter, type RunCounts } from '../../events/progress.ts';
import type { RunEvent } from '../../events/runEvent.ts';
import {
  createCostTracker,
  type FailureStage,
  failureStage,
  type ModelTotals,
} from '../../sinks/report/tallies.ts';
import type { Outcome, PredictionStatus } from '../../types.ts';
import { plainText, promptPreview } from './text.ts';

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

/** Follows a run's events. */
interface ProgressTracker {
  onEvent(event: RunEvent): void;
  progress(): Progress;
}

type NotCounted = keyof RunCounts | 'active' | 'failures' | 'failuresByStage' | 'costByModel';
type Counts = {
  -readonly [name in Exclude<keyof Progress, NotCounted>]: Progress[name];
};

const MOST_FAILURES = 5;

/** Keeps the count of a run. `now` is the clock, in ms. */
export function createProgress(now: () => number): ProgressTracker {
  const counts: Counts = {
    folder: '',
    concurrency: 0,
    cached: 0,
    predictions: 0,
    retries: 0,
    throttles: 0,
    pausedUntilMs: 0,
    recoverableFailures: 0,
    skipReason: null,
  };
  const active = new Map<number, ActiveJob>();
  const failures: FailedJob[] = [];
  const counter = createRunCounter(now);
  const costs = createCostTracker();
  const failuresByStage = { creation: 0, polling: 0, download: 0 };

  const enter = (index: number, change: Partial<ActiveJob> & { state: string }): void => {
    const job = active.get(index) ?? { index, prompt: '', attempt: 1, sinceMs: now() };
    active.set(index, { ...job, ...change });
  };

  const end = (outcome: Outcome): void => {
    active.delete(outcome.index);
    costs.add(outcome);
    counts.cached += outcome.cached ? 1 : 0;
    if (outcome.status === 'skipped') counts.skipReason ??= plainText(outcome.error?.message ?? '');
    if (outcome.status !== 'failed') return;
    failuresByStage[failureStage(outcome)] += 1;
    if (outcome.error?.recoverable) counts.recoverableFailures += 1;
    if (failures.length < MOST_FAILURES) failures.push(failureOf(outcome));
  };

  const onEvent = (event: RunEvent): void => {
    counter.onEvent(event);
    switch (event.type) {
      case 'run.started':
        counts.folder = event.folder;
        counts.concurrency = event.concurrency;
        return;
      case 'prediction.creating':
        enter(event.index, {
          state: 'creating',
          attempt: event.attempt,
          prompt: promptPreview(event.prompt),
        });
        return;
      case 'prediction.created':
        counts.predictions += 1;
        enter(event.index, { state: stateOf(event.status) });
        return;
      case 'prediction.completed':
        enter(event.index, { state: stateOf(event.status) });
        return;
      case 'image.downloaded':
        enter(event.index, { state: 'saving' });
        return;
      case 'job.retried':
        counts.retries += 1;
        enter(event.index, { state: 'waiting', attempt: event.attempt });
        return;
      case 'job.fallback':
        counts.retries += 1;
        enter(event.index, { state: 'waiting' });
        return;
      case 'job.postponed':
        counts.retries += 1;
        active.delete(event.index);
        return;
      case 'rate.paused':
        counts.throttles += 1;
        counts.pausedUntilMs = Math.max(counts.pausedUntilMs, now() + event.waitMs);
        return;
      case 'image.saved':
        end(event.paidBefore ? { ...event.outcome, costUsd: 0 } : event.outcome);
        return;
      case 'job.failed':
      case 'job.skipped':
        end(event.outcome);
    }
  };
  return {
    onEvent,
    progress: () => ({
      ...counts,
      ...counter.counts(),
      active,
      failures,
      failuresByStage,
      // Only the summary wants it.
      get costByModel() {
        return costs.byModel();
      },
    }),
  };
}

/** A prediction's status in the words of the display. */
function stateOf(status: PredictionStatus): string {
  const states: Record<PredictionStatus, string> = {
    starting: 'queued',
    processing: 'running',
    succeeded: 'downloading',
    failed: 'failing',
    canceled: 'failing',
    aborted: 'failing',
  };
  return states[status];
}

/** Only what is shown of it, since an outcome may be large. */
function failureOf({ index, prompt, error }: Outcome): FailedJob {
  const failure = { index, prompt: promptPreview(prompt) };
  return error === undefined ? failure : { ...failure, error };
}
