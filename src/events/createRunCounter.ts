import type { Outcome, RunEvent } from '../types.ts';
import { createPace } from './createPace.ts';

/** What a run has come to so far. */
export interface RunCounts {
  readonly total: number;
  readonly alreadySaved: number;
  readonly startedAtMs: number;
  readonly saved: number;
  readonly failed: number;
  readonly skipped: number;
  readonly costMicroUsd: number;
  /** True where at least one job had no known price. */
  readonly isCostIncomplete: boolean;
  /** Jobs ended a minute over the last minute; null while there is too little to say so. */
  readonly ratePerMinute: number | null;
}

/** Counts a run by its events. */
export interface RunCounter {
  onEvent(event: RunEvent): void;
  counts(): RunCounts;
}

/** Keeps the count of a run, in memory that does not grow with it. `now` is the clock, in ms. */
export function createRunCounter(now: () => number): RunCounter {
  const counts = {
    total: 0,
    alreadySaved: 0,
    startedAtMs: now(),
    saved: 0,
    failed: 0,
    skipped: 0,
    costMicroUsd: 0,
    isCostIncomplete: false,
  };
  let pace = createPace(now);

  const count = ({ status, costUsd }: Outcome): void => {
    counts[status] += 1;
    counts.costMicroUsd += Math.round((costUsd ?? 0) * 1_000_000);
    counts.isCostIncomplete ||= costUsd === null;
    // What is skipped takes no time.
    if (status !== 'skipped') pace.count();
  };
  return {
    onEvent(event) {
      switch (event.type) {
        case 'run.started':
          counts.total = event.total;
          counts.alreadySaved = event.alreadySaved;
          counts.startedAtMs = now();
          pace = createPace(now);
          return;
        case 'image.saved':
          count(event.paidBefore ? { ...event.outcome, costUsd: 0 } : event.outcome);
          return;
        case 'job.failed':
        case 'job.skipped':
          count(event.outcome);
      }
    },
    counts: () => ({ ...counts, ratePerMinute: pace.perMinute() }),
  };
}
