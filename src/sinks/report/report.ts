import { join } from 'node:path';
import { writeJson } from '../../disk/writeFiles.ts';
import type { BudgetUse } from '../../events/totals.ts';
import type { Outcome } from '../../types.ts';
import { createMoneyCounter, type ReportedCosts, type Surplus } from './money.ts';
import { createCostTracker, createStageCounter, createTallyByName, type FailuresByStage } from './tallies.ts';
import { createTimes, type DurationSummary, type SlowImage } from './times.ts';

/** Figures of one run in a folder, known when its report is made. */
export interface ReportedRun {
  /** ms since 1970. Default: not known. */
  readonly startedAtMs?: number;
  /** Time from its start to its end. */
  readonly elapsedMs: number;
  /** API requests. Default: not known. */
  readonly apiRequests?: number;
  /** Jobs that it has saved. Default: not known. */
  readonly saved?: number;
  /** Money that it has paid. Default: not known. */
  readonly costUsd?: number;
  /**
   * Start of the first run of the folder whose predictions were not looked for in the list at its
   * end, ms since 1970: the next run looks. Default: those of all runs were.
   */
  readonly unlookedSinceMs?: number;
}

/** The content of a report besides its outcomes and the last run. */
export interface ReportExtras {
  /** The runs in the same folder before the last one. Default: none. */
  readonly earlier?: readonly ReportedRun[];
  /** Predictions that belong to no job. Default: none. */
  readonly surplus?: Surplus | undefined;
  /** The use of the last run's budget. Default: it had none. */
  readonly budget?: BudgetUse | undefined;
}

export interface ErrorCount {
  /** `ERR_…`. */
  readonly code: string;
  readonly count: number;
}

/** Jobs by their result. */
export interface ReportedJobs {
  readonly total: number;
  readonly saved: number;
  readonly failed: number;
  readonly skipped: number;
  /** Saved of total, 0…1; 0 if there was no job. */
  readonly successRate: number;
  /** Jobs whose result an earlier run had already paid for. */
  readonly cacheHits: number;
  /** Saved jobs by the value of the report's tag. */
  readonly outputsByTag: Readonly<Record<string, number>>;
}

/** Durations and requests. */
export interface ReportedTimes {
  /** Runs in the folder whose times are known. */
  readonly runs: number;
  /** Time of all these runs. */
  readonly elapsedSeconds: number;
  /** The same over the jobs that they saved; 0 if none was saved. */
  readonly averageSecondsPerImage: number;
  /**
   * API requests of these runs over the jobs that they saved; null if they saved none, or the
   * requests were not counted.
   */
  readonly requestsPerImage: number | null;
  /** The service's `predict_time`; null if no prediction reported it. */
  readonly predictTime: DurationSummary | null;
  /**
   * Times from the create request to its response, by the clock of this machine, of the predictions
   * whose `predict_time` the service did not report; null if there are none.
   */
  readonly ownWallTime: DurationSummary | null;
  /** The ten longest `predict_time`, longest first. */
  readonly slowest: readonly SlowImage[];
}

/** The jobs that failed. */
export interface ReportedFailures {
  /** Failed jobs by the stage in which they failed. */
  readonly failuresByStage: FailuresByStage;
  /** Errors of failed and skipped jobs, most frequent first. */
  readonly errors: readonly ErrorCount[];
}

/** The content of `report.json`: all runs of a folder in numbers. */
export interface Report extends ReportedJobs, ReportedTimes, ReportedCosts, ReportedFailures {
  /** Name of the service: `replicate`, `simulator`, …; null if it has none. */
  readonly service: string | null;
  /** The last run alone. */
  readonly run: ReportedRun;
}

export interface ReportConfig {
  /** The tag by whose values outputs are counted. Default `platform`. */
  tag?: string;
  /** Returns a model's price and its source; null if unknown. Default: always null. */
  priceOf?: (model: string) => string | null;
  /** Name of the service. Default: none. */
  service?: string | null;
}

/** Collects outcomes for a report. */
export interface ReportBuilder {
  add(outcome: Outcome): void;
  /** Counts the money of a result that the input no longer asks for, and nothing else of it. */
  addUnused(outcome: Outcome): void;
  /** Returns the report; `run` is the last run. */
  toJSON(run: ReportedRun, extras?: ReportExtras): Report;
}

/**
 * Counts outcomes in constant memory: durations go into a histogram (median and p95 within 1 %),
 * the ten slowest images are remembered, and of models, error codes and tag values the first 1,000
 * each are counted by name, the rest as `(others)`.
 */
export function createReport(config: ReportConfig = {}): ReportBuilder {
  const { tag = 'platform', priceOf = () => null, service = null } = config;
  const totals = { saved: 0, failed: 0, skipped: 0, cacheHits: 0 };
  const money = createMoneyCounter();
  const stages = createStageCounter();
  const times = createTimes();
  const costs = createCostTracker();
  const byError = createTallyByName(0);
  const byTag = createTallyByName(0);
  return {
    add(outcome) {
      const { status, cached, error, tags } = outcome;
      const isSaved = status === 'saved';
      totals[status] += 1;
      totals.cacheHits += cached ? 1 : 0;
      money.add(outcome);
      times.add(outcome);
      costs.add(outcome);
      stages.add(outcome);
      if (error !== undefined) byError.update(error.code, (count) => count + 1);
      if (isSaved && tags[tag] !== undefined) byTag.update(tags[tag], (count) => count + 1);
    },
    addUnused: money.addUnused,
    toJSON(run, { earlier = [], surplus, budget } = {}) {
      const { saved, failed, skipped, cacheHits } = totals;
      const total = saved + failed + skipped;
      return {
        service,
        run,
        total,
        saved,
        failed,
        skipped,
        successRate: total === 0 ? 0 : saved / total,
        cacheHits,
        ...timesOf([...earlier, run], saved),
        ...times.summary(),
        ...money.sums(surplus),
        ...(budget && { budget }),
        costByModel: Object.fromEntries(
          Object.entries(costs.byModel()).map(([model, cost]) => [model, { ...cost, price: priceOf(model) }]),
        ),
        failuresByStage: stages.counts(),
        errors: mostFrequentFirst(byError.entries()),
        outputsByTag: Object.fromEntries(byTag.entries()),
      };
    },
  };
}

function mostFrequentFirst(counts: [code: string, count: number][]): ErrorCount[] {
  return counts.map(([code, count]) => ({ code, count })).sort((a, b) => b.count - a.count);
}

/**
 * Sums up the times and requests of runs that have left `savedNow` saved jobs in the folder. They
 * may have saved more, as deleted images are restored, or fewer, if a run before them left no
 * times.
 */
function timesOf(runs: readonly ReportedRun[], savedNow: number) {
  const elapsedSeconds = runs.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0) / 1_000;
  const savedByRuns = runs.reduce((sum, { saved }) => sum + (saved ?? savedNow), 0);
  const saved = Math.min(savedNow, savedByRuns);
  const counted = runs.filter(({ apiRequests }) => apiRequests !== undefined);
  const requests = counted.reduce((sum, { apiRequests = 0 }) => sum + apiRequests, 0);
  const savedByCounted = counted.reduce((sum, run) => sum + (run.saved ?? 0), 0);
  return {
    runs: runs.length,
    elapsedSeconds,
    averageSecondsPerImage: saved === 0 ? 0 : elapsedSeconds / saved,
    requestsPerImage: savedByCounted === 0 ? null : Math.round((requests / savedByCounted) * 1_000) / 1_000,
  };
}

/**
 * Writes `report.json` into the run folder. Rejects with `StorageError` if it cannot be written.
 */
export function writeReport(folder: string, report: Report): Promise<void> {
  return writeJson(join(folder, 'report.json'), report);
}
