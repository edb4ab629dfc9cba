import type { RunCounts } from './createRunCounter.ts';
import { doneCount } from './doneCount.ts';
import { timeLeftMs } from './timeLeftMs.ts';

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
