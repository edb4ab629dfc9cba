import type { SchedulerLike } from 'rxjs';
import { monotonicScheduler } from '../base/monotonicScheduler.ts';
import type { Outcome } from '../types.ts';
import {
  type BatchProgress,
  createBatchCounter,
  createJobFollower,
  type JobProgress,
} from './jobProgress.ts';
import { type EventOf, guardListener } from './observeRun.ts';
import { createRunCounter, type RunProgress, runProgress } from './progress.ts';
import type { EmitEvent, RunEvent } from './runEvent.ts';

/**
 * The result of a callback: anything. If it is a promise that rejects, the process warns once; all
 * other results are dropped.
 */
export type Handled = unknown;

/** Functions to call during a run. All are optional, and their promises are not awaited. */
export interface RunCallbacks {
  /** Called when the run begins. */
  onStart?(event: EventOf<'run.started'>): Handled;
  /** Called after the start, and after each outcome, with the progress of the run. */
  onProgress?(progress: RunProgress): Handled;
  /** Called when a job is `creating`, `processing`, and `saved`, `failed` or `skipped`. */
  onJobProgress?(step: JobProgress): Handled;
  /** Called when the images of a job are on disk. */
  onImage?(outcome: Outcome): Handled;
  /** Called when a job has ended: saved, failed or skipped. */
  onResult?(outcome: Outcome): Handled;
  /** Called when a job was given up. */
  onFailure?(outcome: Outcome): Handled;
  /**
   * Called when a job gets another turn: at once, with another model, or when all others are done.
   */
  onRetry?(event: EventOf<'job.retried' | 'job.fallback' | 'job.postponed'>): Handled;
  /** Called when the service takes no create requests for now. */
  onPause?(event: EventOf<'rate.paused'>): Handled;
  /**
   * Called with a warning, before a run whose budget does not suffice for its jobs, and when most
   * of the budget is spent or reserved.
   */
  onWarning?(event: EventOf<'warning' | 'budget.short' | 'budget.warning'>): Handled;
  /** Called at the end of a round of a refinement. */
  onRoundComplete?(event: EventOf<'round.completed'>): Handled;
  /** Called at the end of a wave, with the strategy `waves`. */
  onBatchComplete?(batch: BatchProgress): Handled;
  /** Called when the run is over. */
  onComplete?(event: EventOf<'run.completed'>): Handled;
}

export interface ToCallbacksConfig {
  /** Clock of the progress. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

/**
 * Creates a listener that calls the given functions. Give it to `events.subscribe`, or to a run as
 * `emit`. A callback that throws does not keep the others from being called.
 */
export function toCallbacks(
  callbacks: RunCallbacks,
  { scheduler = monotonicScheduler }: ToCallbacksConfig = {},
): EmitEvent {
  const counter = createRunCounter(() => scheduler.now());
  const start = guardListener((event: EventOf<'run.started'>) => callbacks.onStart?.(event));
  const progress = guardListener((far: RunProgress) => callbacks.onProgress?.(far));
  const image = guardListener((outcome: Outcome) => callbacks.onImage?.(outcome));
  const result = guardListener((outcome: Outcome) => callbacks.onResult?.(outcome));
  const failure = guardListener((outcome: Outcome) => callbacks.onFailure?.(outcome));
  const retry = guardListener((event: Parameters<NonNullable<RunCallbacks['onRetry']>>[0]) =>
    callbacks.onRetry?.(event),
  );
  const pause = guardListener((event: EventOf<'rate.paused'>) => callbacks.onPause?.(event));
  const warning = guardListener((event: EventOf<'warning' | 'budget.short' | 'budget.warning'>) =>
    callbacks.onWarning?.(event),
  );
  const complete = guardListener((event: EventOf<'run.completed'>) => callbacks.onComplete?.(event));
  const round = guardListener((event: EventOf<'round.completed'>) => callbacks.onRoundComplete?.(event));
  const batch = guardListener((ended: BatchProgress) => callbacks.onBatchComplete?.(ended));
  const job = guardListener((step: JobProgress) => callbacks.onJobProgress?.(step));
  const jobs = createJobFollower(() => scheduler.now());
  const batches = createBatchCounter();
  const reportProgress = (): void => progress(runProgress(counter.counts(), scheduler.now()));

  return (event: RunEvent) => {
    counter.onEvent(event);
    const step = jobs.stepOf(event);
    if (step !== null) job(step);
    const ended = batches.endOf(event);
    if (ended !== null) batch(ended);
    switch (event.type) {
      case 'run.started':
        start(event);
        reportProgress();
        return;
      case 'image.saved':
      case 'job.failed':
      case 'job.skipped':
        if (event.type === 'image.saved') image(event.outcome);
        if (event.type === 'job.failed') failure(event.outcome);
        result(event.outcome);
        reportProgress();
        return;
      case 'job.retried':
      case 'job.fallback':
      case 'job.postponed':
        retry(event);
        return;
      case 'rate.paused':
        pause(event);
        return;
      case 'warning':
      case 'budget.short':
      case 'budget.warning':
        warning(event);
        return;
      case 'round.completed':
        round(event);
        return;
      case 'run.completed':
        complete(event);
    }
  };
}

export interface JsonLinesConfig {
  /** Removes secrets from every text. Default: leaves texts as they are. */
  redact?: (text: string) => string;
}

/**
 * Creates a listener that writes each event as one line of JSON, as `--json` does. Give it to
 * `events.subscribe`, or to a run as `emit`. If the stream is slower than the run, lines wait in
 * memory; the run does not wait.
 */
export function toJsonLines(
  stream: { write(text: string): unknown },
  { redact }: JsonLinesConfig = {},
): EmitEvent {
  return (event) => {
    stream.write(jsonLine(event, redact));
  };
}

/** Writes a value as one line of JSON; every text in it passes through `redact`. */
export function jsonLine(value: unknown, redact: (text: string) => string = (text) => text): string {
  const json = JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'string' ? redact(part) : part,
  );
  return `${json}\n`;
}
