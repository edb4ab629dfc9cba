import { asyncScheduler, defer, filter, map, type OperatorFunction, type SchedulerLike, tap } from 'rxjs';
import type { RunEvent } from '../types.ts';
import { createRunCounter } from './createRunCounter.ts';
import { type RunProgress, runProgress } from './runProgress.ts';

export interface ProgressOfConfig {
  /** Clock of the pace. Default asyncScheduler. */
  scheduler?: SchedulerLike;
}

/**
 * Says how far a run is: once at its start, and after each outcome. In memory that does not grow with the run; put
 * `throttleTime` behind it where that is too often.
 *
 *     events: r run.started, c prediction.created, s image.saved   r-c-s-s|
 *     progressOf(), its percent of two jobs                        0---5-1|    5: 50, 1: 100
 */
export function progressOf({
  scheduler = asyncScheduler,
}: ProgressOfConfig = {}): OperatorFunction<RunEvent, RunProgress> {
  return (events) =>
    defer(() => {
      const counter = createRunCounter(() => scheduler.now());
      return events.pipe(
        tap((event) => counter.onEvent(event)),
        filter((event) => event.type === 'run.started' || 'outcome' in event),
        map(() => runProgress(counter.counts(), scheduler.now())),
      );
    });
}
