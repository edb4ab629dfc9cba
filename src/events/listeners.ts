import { asyncScheduler, type SchedulerLike } from 'rxjs';
import type { Outcome } from '../types.ts';
import { type EventOf, guardListener } from './observeRun.ts';
import { createRunCounter, type RunProgress, runProgress } from './progress.ts';
import type { EmitEvent, RunEvent } from './runEvent.ts';

type Told = void | Promise<void>;

/** What to call when. All are optional, and a promise of theirs is not waited for. */
export interface RunCallbacks {
  /** The run begins. */
  onStart?(event: EventOf<'run.started'>): Told;
  /** After the start, and after each outcome: how far the run is. */
  onProgress?(progress: RunProgress): Told;
  /** The images of a job are on the disk. */
  onImage?(outcome: Outcome): Told;
  /** A job has ended, however it did. */
  onResult?(outcome: Outcome): Told;
  /** A job was given up. */
  onFailure?(outcome: Outcome): Told;
  /** A job gets another turn: at once, with another model, or when all others are done. */
  onRetry?(event: EventOf<'job.retried' | 'job.fallback' | 'job.postponed'>): Told;
  /** The service wants no creates for now. */
  onPause?(event: EventOf<'rate.paused'>): Told;
  /** Something to know; or most of the budget is spent or reserved. */
  onWarning?(event: EventOf<'warning' | 'budget.warning'>): Told;
  /** With the strategy `waves`: a wave is over. */
  onWaveComplete?(event: EventOf<'wave.completed'>): Told;
  /** The run is over. */
  onBatchComplete?(event: EventOf<'run.completed'>): Told;
}

export interface ToCallbacksConfig {
  /** Clock of the progress. Default asyncScheduler. */
  scheduler?: SchedulerLike;
}

/**
 * A listener that calls what it is told to. Give it to `events.subscribe`, or to a run as `emit`. A callback that throws
 * keeps none of the others from being called.
 */
export function toCallbacks(
  callbacks: RunCallbacks,
  { scheduler = asyncScheduler }: ToCallbacksConfig = {},
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
  const warning = guardListener((event: EventOf<'warning' | 'budget.warning'>) =>
    callbacks.onWarning?.(event),
  );
  const complete = guardListener((event: EventOf<'run.completed'>) => callbacks.onBatchComplete?.(event));
  const wave = guardListener((event: EventOf<'wave.completed'>) => callbacks.onWaveComplete?.(event));
  const tellProgress = (): void => progress(runProgress(counter.counts(), scheduler.now()));

  return (event: RunEvent) => {
    counter.onEvent(event);
    switch (event.type) {
      case 'run.started':
        start(event);
        tellProgress();
        return;
      case 'image.saved':
      case 'job.failed':
      case 'job.skipped':
        if (event.type === 'image.saved') image(event.outcome);
        if (event.type === 'job.failed') failure(event.outcome);
        result(event.outcome);
        tellProgress();
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
      case 'budget.warning':
        warning(event);
        return;
      case 'wave.completed':
        wave(event);
        return;
      case 'run.completed':
        complete(event);
    }
  };
}

export interface JsonLinesConfig {
  /** Takes secrets out of every text. Default: leaves texts as they are. */
  redact?: (text: string) => string;
}

/**
 * A listener that writes each event as one line of JSON, as `--json` does. Give it to `events.subscribe`, or to a run as
 * `emit`. A stream that is slower than the run holds lines in memory, not the run.
 */
export function toJsonLines(
  stream: { write(text: string): unknown },
  { redact }: JsonLinesConfig = {},
): EmitEvent {
  return (event) => {
    stream.write(jsonLine(event, redact));
  };
}

/** A value as one line of JSON; every text in it passes through `redact`. */
export function jsonLine(value: unknown, redact: (text: string) => string = (text) => text): string {
  const json = JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'string' ? redact(part) : part,
  );
  return `${json}\n`;
}
