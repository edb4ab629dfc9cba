import { countedOutcome, createRunCounter, type RunCounts } from '../../events/progress.ts';
import type { RunEvent } from '../../events/runEvent.ts';
import { createCostTracker, type ModelTotals } from '../../sinks/report/tallies.ts';
import type { Outcome, PlannedUploads, PredictionStatus } from '../../types.ts';
import { type NextCommands, usualCommands } from './commandLine.ts';
import { collectProblems, type Problems } from './problems.ts';
import { plainText, promptPreview } from './text.ts';

/** A job in flight. */
export interface ActiveJob {
  readonly index: number;
  /** The beginning of the prompt, on one line. */
  readonly prompt: string;
  readonly state: string;
  readonly attempt: number;
  readonly sinceMs: number;
}

/** The settings that a run starts with. */
interface RunStart {
  readonly folder: string;
  readonly concurrency: number;
  /** Name of the service; absent if it has none. */
  readonly service?: string;
  /** The local files that go to the service; absent if there are none. */
  readonly uploads?: PlannedUploads;
}

/** The traffic with the service. */
export interface ServiceCounts {
  /** Predictions created, or found again. */
  readonly predictions: number;
  readonly retries: number;
  /** Create requests that the service refused for now. */
  readonly throttles: number;
  /** The time until which the service is known to accept no create request. */
  readonly pausedUntilMs: number;
  /** Why, in the words of the service; null for a short pause, or if it gave no reason. */
  readonly pauseReason: string | null;
  /** Pauses with the last reason in a row. */
  readonly samePause: number;
  /** The time since which the service does not respond; null if it does. */
  readonly serviceAwaySinceMs: number | null;
  /** The same for the host of its files. */
  readonly filesAwaySinceMs: number | null;
}

/** The cost of a run, and savings on it. */
export interface Costs {
  readonly costByModel: Readonly<Record<string, ModelTotals>>;
  /** Jobs that reused the result of an identical request. */
  readonly cached: number;
  /** Saved jobs that earlier runs had paid for: files were fetched or made again, or added. */
  readonly restored: number;
}

/** The progress of a run, for the display. Its size does not grow with the number of jobs. */
export interface Progress extends NextCommands, RunStart, RunCounts, ServiceCounts, Problems, Costs {
  /** Jobs in flight, the oldest first. */
  readonly active: ReadonlyMap<number, ActiveJob>;
}

/** Follows a run by its events. */
interface ProgressTracker {
  onEvent(event: RunEvent): void;
  progress(): Progress;
}

/**
 * Creates a tracker of a run's progress. `now` is the clock, in ms; `next` has the commands that
 * resume the run. Default: the same command, or another one without flags.
 */
export function createProgress(now: () => number, next: Partial<NextCommands> = {}): ProgressTracker {
  let start: RunStart = { folder: '', concurrency: 0 };
  let cached = 0;
  let restored = 0;
  const counter = createRunCounter(now);
  const requests = countRequests(now);
  const active = followActiveJobs(now);
  const costs = createCostTracker();
  const problems = collectProblems();
  return {
    onEvent(event) {
      if (event.type === 'run.started') {
        const { folder, concurrency, service } = event;
        start = { ...start, folder, concurrency, ...(service === undefined ? {} : { service }) };
      }
      if (event.type === 'uploads.planned') start = { ...start, uploads: event };
      counter.onEvent(event);
      requests.onEvent(event);
      active.onEvent(event);
      if (event.type === 'job.measured') costs.correct(event);
      const outcome = outcomeOf(event);
      if (outcome === null) return;
      costs.add(outcome);
      problems.add(outcome);
      if ('paidBefore' in event) restored += 1;
      else if (outcome.cached) cached += 1;
    },
    progress: () => ({
      ...usualCommands,
      ...next,
      ...start,
      ...counter.counts(),
      ...requests.counts,
      ...problems.found(),
      cached,
      restored,
      active: active.jobs,
      // Computed on access, because only the summary reads it.
      get costByModel() {
        return costs.byModel();
      },
    }),
  };
}

/** Returns the outcome of an event that ends a job, as its run counts it; null for others. */
function outcomeOf(event: RunEvent): Outcome | null {
  switch (event.type) {
    case 'image.saved':
    case 'job.failed':
    case 'job.skipped':
      return countedOutcome(event);
    default:
      return null;
  }
}

/** A type whose fields may change. */
type Mutable<T> = { -readonly [Field in keyof T]: T[Field] };

/** Shorter pauses, in ms, are part of the pace, and need no reason. */
const LONG_PAUSE_MS = 5_000;

/** Counts the traffic with the service. */
function countRequests(now: () => number) {
  const counts: Mutable<ServiceCounts> = {
    predictions: 0,
    retries: 0,
    throttles: 0,
    pausedUntilMs: 0,
    pauseReason: null,
    samePause: 0,
    serviceAwaySinceMs: null,
    filesAwaySinceMs: null,
  };
  const noteOutage = (of: 'service' | 'files', sinceMs: number | null): void => {
    if (of === 'service') counts.serviceAwaySinceMs = sinceMs;
    else counts.filesAwaySinceMs = sinceMs;
  };
  let lastReason = '';
  const noteReason = (reason: string, waitMs: number): void => {
    if (now() >= counts.pausedUntilMs) counts.pauseReason = null;
    if (waitMs < LONG_PAUSE_MS || reason === '') return;
    const isSame = withoutNumbers(reason) === withoutNumbers(lastReason);
    counts.samePause = isSame ? counts.samePause + 1 : 1;
    counts.pauseReason = reason;
    lastReason = reason;
  };
  const onEvent = (event: RunEvent): void => {
    switch (event.type) {
      case 'prediction.created':
        counts.predictions += 1;
        return;
      case 'job.retried':
      case 'job.fallback':
      case 'job.postponed':
        counts.retries += 1;
        return;
      case 'rate.paused':
        if (event.reason === 'refused') counts.throttles += 1;
        noteReason(plainText(event.message ?? ''), event.waitMs);
        counts.pausedUntilMs = Math.max(counts.pausedUntilMs, now() + event.waitMs);
        return;
      case 'outage.began':
        noteOutage(event.of, now());
        return;
      case 'outage.ended':
        noteOutage(event.of, null);
    }
  };
  return { counts, onEvent };
}

function withoutNumbers(reason: string): string {
  return reason.replaceAll(/\d+/g, '0');
}

/** Follows each job in flight from its first event to its outcome. */
function followActiveJobs(now: () => number) {
  const jobs = new Map<number, ActiveJob>();
  const enter = (index: number, change: Partial<ActiveJob> & { state: string }): void => {
    const job = jobs.get(index) ?? { index, prompt: '', attempt: 1, sinceMs: now() };
    jobs.set(index, { ...job, ...change });
  };
  const onEvent = (event: RunEvent): void => {
    switch (event.type) {
      case 'job.waiting':
        enter(event.index, { state: 'waiting', prompt: promptPreview(event.prompt) });
        return;
      case 'prediction.creating': {
        const { index, attempt, prompt } = event;
        enter(index, { state: 'creating', attempt, prompt: promptPreview(prompt) });
        return;
      }
      case 'prediction.created':
        enter(event.index, { state: shownStates[event.status] });
        return;
      case 'prediction.completed':
        // The output may come while the service still counts it as running.
        enter(event.index, {
          state: event.status === 'processing' ? 'downloading' : shownStates[event.status],
        });
        return;
      case 'prediction.lost':
        enter(event.index, { state: 'looking' });
        return;
      case 'image.downloaded':
        enter(event.index, { state: 'saving' });
        return;
      case 'job.retried':
        enter(event.index, { state: 'waiting', attempt: event.attempt });
        return;
      case 'job.fallback':
        enter(event.index, { state: 'waiting' });
        return;
      case 'job.postponed':
        jobs.delete(event.index);
        return;
      case 'image.saved':
      case 'job.failed':
      case 'job.skipped':
        jobs.delete(event.outcome.index);
    }
  };
  return { jobs, onEvent };
}

/** The status of a prediction in the words of the display. */
const shownStates: Record<PredictionStatus, string> = {
  unknown: 'running',
  starting: 'queued',
  processing: 'running',
  succeeded: 'downloading',
  failed: 'failing',
  canceled: 'failing',
  aborted: 'failing',
};
