import type { ModelTotals } from './createCostTracker.ts';
import type { DurationSummary } from './createDistribution.ts';
import type { FailureStage } from './failureStage.ts';

/** What is known about a run as a whole when its report is made. */
export interface ReportedRun {
  /** From its start to its end. */
  readonly elapsedMs: number;
  /** Calls of the API. Default: not known. */
  readonly apiRequests?: number;
  /** Pictures it has made. Default: not known. */
  readonly saved?: number;
}

export interface ModelCost extends ModelTotals {
  /** The price that the cost is reckoned with, and where it is from; null where none is known. */
  readonly price: string | null;
}

export interface ErrorCount {
  /** `ERR_…`. */
  readonly code: string;
  readonly count: number;
}

export interface SlowImage {
  readonly index: number;
  readonly predictionId: string | null;
  readonly model: string;
  /** Cut after 200 characters. */
  readonly prompt: string;
  readonly predictSeconds: number;
}

/** `report.json`: a run in numbers. */
export interface Report {
  readonly run: ReportedRun;
  readonly total: number;
  readonly saved: number;
  readonly failed: number;
  readonly skipped: number;
  /** Saved of total, 0…1; 0 where there was no job. */
  readonly successRate: number;
  /** Jobs whose result an earlier run had already paid for. */
  readonly cacheHits: number;
  readonly elapsedSeconds: number;
  /** The run's time over its saved jobs; 0 where none was saved. */
  readonly averageSecondsPerImage: number;
  /** Calls of the API in the last run over the jobs it has saved; null where it has saved none, or nobody counted. */
  readonly requestsPerImage: number | null;
  /** The service's `predict_time`; null where no prediction told it. */
  readonly predictTime: DurationSummary | null;
  readonly costUsd: number;
  /** True where at least one saved job had no known price, so `costUsd` is too low. */
  readonly costIncomplete: boolean;
  readonly costByModel: Readonly<Record<string, ModelCost>>;
  /** Failed jobs by where on their way they failed. */
  readonly failuresByStage: Readonly<Record<FailureStage, number>>;
  /** Most frequent first. */
  readonly errors: readonly ErrorCount[];
  /** The ten longest `predict_time`, longest first. */
  readonly slowest: readonly SlowImage[];
  /** Saved jobs by the value of the report's tag. */
  readonly outputsByTag: Readonly<Record<string, number>>;
}
