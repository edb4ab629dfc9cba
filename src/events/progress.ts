import { asyncScheduler, defer, filter, map, type OperatorFunction, type SchedulerLike, tap } from 'rxjs';
import { toMicroUsd } from '../base/text.ts';
import type { Outcome } from '../types.ts';
import type { RunEvent, RunTotals } from './runEvent.ts';

/** How far a run is. */
export interface RunProgress {
  /** Jobs of the input. */
  readonly total: number;
  /** Jobs that have their outcome, those that earlier runs saved included. */
  readonly done: number;
  /** 0…100; 100 where there is nothing to do. */
  readonly percent: number;
  readonly saved: number;
  readonly failed: number;
  readonly skipped: number;
  readonly costUsd: number;
  /** True where at least one job had no known price, so `costUsd` is too low. */
  readonly costIncomplete: boolean;
  /** Jobs ended a minute over the last minute; null in the first second. */
  readonly ratePerMinute: number | null;
  readonly elapsedMs: number;
  /** Time left at this pace; null where none is known, or nothing is left. */
  readonly etaMs: number | null;
}

/** Says how far a run with these counts is. */
export function runProgress(counts: RunCounts, nowMs: number): RunProgress {
  const { total, saved, failed, skipped, costMicroUsd, isCostIncomplete, ratePerMinute } = counts;
  const done = doneCount(counts);
  return {
    total,
    done,
    percent: total === 0 ? 100 : (done / total) * 100,
    saved,
    failed,
    skipped,
    costUsd: costMicroUsd / 1_000_000,
    costIncomplete: isCostIncomplete,
    ratePerMinute,
    elapsedMs: nowMs - counts.startedAtMs,
    etaMs: timeLeftMs(total - done, ratePerMinute),
  };
}

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
interface RunCounter {
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
    counts.costMicroUsd += toMicroUsd(costUsd ?? 0);
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

/** Says how fast something happens lately. */
interface Pace {
  /** It happened once more. */
  count(): void;
  /** Times a minute, over the last minute; null in the first second. */
  perMinute(): number | null;
}

const WINDOW_MS = 60_000;
const STEP_MS = 1_000;

/** A pace by the clock `now`. It keeps about one sample a second of the last minute, however often it counts. */
export function createPace(now: () => number): Pace {
  const samples = [{ atMs: now(), counted: 0 }];
  let counted = 0;
  const forgetOld = (): void => {
    const oldestMs = now() - WINDOW_MS;
    while ((samples[1]?.atMs ?? Number.POSITIVE_INFINITY) <= oldestMs) samples.shift();
  };
  return {
    count() {
      counted += 1;
      const newest = samples.at(-1);
      if (newest === undefined || now() - newest.atMs >= STEP_MS) samples.push({ atMs: now(), counted });
      forgetOld();
    },
    perMinute() {
      forgetOld();
      const [base] = samples;
      if (base === undefined) return null;
      const elapsedMs = now() - base.atMs;
      if (elapsedMs < STEP_MS) return null;
      // What was counted since the only sample, and an age ago, came within its second.
      if (samples.length === 1 && elapsedMs > WINDOW_MS) return 0;
      return ((counted - base.counted) / Math.min(elapsedMs, WINDOW_MS)) * 60_000;
    },
  };
}

/** Jobs that have their outcome, those of earlier runs included. */
export function doneCount({
  alreadySaved,
  saved,
  failed,
  skipped,
}: Pick<RunTotals, 'alreadySaved' | 'saved' | 'failed' | 'skipped'>): number {
  return alreadySaved + saved + failed + skipped;
}

/** How long so many jobs take at a pace; null where there are none, or no pace is known. */
export function timeLeftMs(jobs: number, ratePerMinute: number | null): number | null {
  if (jobs <= 0 || ratePerMinute === null || ratePerMinute <= 0) return null;
  return (jobs / ratePerMinute) * 60_000;
}

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
