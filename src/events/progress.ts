import { defer, filter, map, type OperatorFunction, type SchedulerLike, tap } from 'rxjs';
import { monotonicScheduler } from '../base/monotonicScheduler.ts';
import type { Outcome } from '../types.ts';
import { addCost, type CostSum, correctCost, isCostIncomplete, noCost } from './costSum.ts';
import type { EventOf } from './observeRun.ts';
import type { RunEvent } from './runEvent.ts';
import type { RunTotals } from './totals.ts';

/** The progress of a run. */
export interface RunProgress {
  /** Jobs of the input, without those that `only` leaves out. */
  readonly total: number;
  /** Jobs that have their outcome, including those that earlier runs saved. */
  readonly done: number;
  /** 0…100; 100 if there is nothing to do. */
  readonly percent: number;
  readonly saved: number;
  readonly failed: number;
  readonly skipped: number;
  readonly costUsd: number;
  /** True if `costUsd` is not the last word: jobs have no known price, or an estimated one. */
  readonly costIncomplete: boolean;
  /** Jobs ended a minute over the last minute; null in the first second. */
  readonly ratePerMinute: number | null;
  readonly elapsedMs: number;
  /** Time left at this pace; null if no pace is known, or nothing is left. */
  readonly etaMs: number | null;
}

/** Returns the progress of a run with these counts. */
export function runProgress(counts: RunCounts, nowMs: number): RunProgress {
  const { expected: total, saved, failed, skipped, costMicroUsd, ratePerMinute } = counts;
  const done = doneCount(counts);
  return {
    total,
    done,
    percent: total === 0 ? 100 : (done / total) * 100,
    saved,
    failed,
    skipped,
    costUsd: costMicroUsd / 1_000_000,
    costIncomplete: isCostIncomplete(counts),
    ratePerMinute,
    elapsedMs: nowMs - counts.startedAtMs,
    etaMs: timeLeftMs(total - done, ratePerMinute),
  };
}

/** The counts of a run so far. */
export interface RunCounts extends CostSum {
  /** Jobs of the input. */
  readonly total: number;
  /** Those of them that end in this run, or are saved: without jobs that `only` leaves out. */
  readonly expected: number;
  readonly alreadySaved: number;
  readonly startedAtMs: number;
  readonly saved: number;
  readonly failed: number;
  readonly skipped: number;
  /** Jobs ended a minute over the last minute; null in the first second. */
  readonly ratePerMinute: number | null;
}

/** Counts a run by its events. */
interface RunCounter {
  onEvent(event: RunEvent): void;
  counts(): RunCounts;
}

/** Creates a counter whose memory does not grow with the run. `now` is the clock, in ms. */
export function createRunCounter(now: () => number): RunCounter {
  const counts = {
    total: 0,
    expected: 0,
    alreadySaved: 0,
    startedAtMs: now(),
    saved: 0,
    failed: 0,
    skipped: 0,
  };
  let cost = noCost;
  let pace = createPace(now);

  const count = (outcome: Outcome): void => {
    const { status } = outcome;
    counts[status] += 1;
    cost = addCost(cost, outcome);
    // Skipped jobs take no time.
    if (status !== 'skipped') pace.count();
  };
  return {
    onEvent(event) {
      switch (event.type) {
        case 'run.started':
          counts.total = event.total;
          counts.expected = event.jobs === undefined ? event.total : event.alreadySaved + event.jobs;
          counts.alreadySaved = event.alreadySaved;
          counts.startedAtMs = now();
          pace = createPace(now);
          return;
        case 'image.saved':
          count(countedOutcome(event));
          return;
        case 'job.failed':
        case 'job.skipped':
          count(event.outcome);
          return;
        case 'job.measured':
          cost = correctCost(cost, event);
      }
    },
    counts: () => ({ ...counts, ...cost, ratePerMinute: pace.perMinute() }),
  };
}

/**
 * Returns the outcome of `image.saved` as its run counts it. One that an earlier run has paid for
 * has no cost, and its model made no image: like the result of an identical request.
 */
export function countedOutcome({ outcome, paidBefore }: EventOf<'image.saved'>): Outcome {
  return paidBefore ? { ...outcome, costUsd: 0, estimatedUsd: 0, cached: true } : outcome;
}

/** Measures how often something happens at present. */
interface Pace {
  /** Counts one more time. */
  count(): void;
  /** Returns the times a minute, over the last minute; null in the first second. */
  perMinute(): number | null;
}

const WINDOW_MS = 60_000;
const STEP_MS = 1_000;

/**
 * Creates a pace by the clock `now`. It holds about one sample a second of the last minute, however
 * often it counts.
 */
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
      // All that was counted since the only sample came within its second, more than a minute ago.
      if (samples.length === 1 && elapsedMs > WINDOW_MS) return 0;
      return ((counted - base.counted) / Math.min(elapsedMs, WINDOW_MS)) * 60_000;
    },
  };
}

/** Returns the number of jobs that have their outcome, including those of earlier runs. */
export function doneCount({
  alreadySaved,
  saved,
  failed,
  skipped,
}: Pick<RunTotals, 'alreadySaved' | 'saved' | 'failed' | 'skipped'>): number {
  return alreadySaved + saved + failed + skipped;
}

/**
 * Returns the time that so many jobs take at a pace; null if there are none, or no pace is known.
 */
export function timeLeftMs(jobs: number, ratePerMinute: number | null): number | null {
  if (jobs <= 0 || ratePerMinute === null || ratePerMinute <= 0) return null;
  return (jobs / ratePerMinute) * 60_000;
}

export interface ProgressOfConfig {
  /** Clock of the pace. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

/**
 * Emits the progress of a run: once at its start, and after each outcome. Memory does not grow with
 * the run. If that is too often, put `throttleTime` behind it.
 *
 *     events: r run.started, c prediction.created, s image.saved   r-c-s-s|
 *     progressOf(), its percent of two jobs                        0---5-1|    5: 50, 1: 100
 */
export function progressOf({
  scheduler = monotonicScheduler,
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
