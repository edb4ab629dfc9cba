import type { Outcome } from '../types.ts';
import { createCostTracker } from './createCostTracker.ts';
import { createDistribution } from './createDistribution.ts';
import { createSlowest } from './createSlowest.ts';
import { createTallyByName } from './createTallyByName.ts';
import { failureStage } from './failureStage.ts';
import type { ErrorCount, Report, ReportedRun } from './Report.ts';

export interface ReportConfig {
  /** The tag whose values outputs are counted by. Default `platform`. */
  tag?: string;
  /** What a model's price is and where it is from. Default: unknown. */
  priceOf?: (model: string) => string | null;
}

/** A report in the making. */
export interface ReportBuilder {
  add(outcome: Outcome): void;
  toJSON(run: ReportedRun): Report;
}

/**
 * Counts outcomes, in memory that does not grow with them: times go into a histogram (median and p95 within 1 %),
 * at most 1,000 models, error codes and tag values are told apart, and ten slow images are kept.
 */
export function createReport(config: ReportConfig = {}): ReportBuilder {
  const { tag = 'platform', priceOf = () => null } = config;
  const totals = { saved: 0, failed: 0, skipped: 0, cacheHits: 0, microUsd: 0, costIncomplete: false };
  const failuresByStage = { creation: 0, polling: 0, download: 0 };
  const predictTime = createDistribution();
  const slowest = createSlowest();
  const costs = createCostTracker();
  const byError = createTallyByName(0);
  const byTag = createTallyByName(0);
  return {
    add(outcome) {
      const { status, cached, costUsd, error, metrics, tags } = outcome;
      const isSaved = status === 'saved';
      totals[status] += 1;
      totals.cacheHits += cached ? 1 : 0;
      totals.microUsd += toMicroUsd(costUsd);
      totals.costIncomplete ||= isSaved && costUsd === null;
      costs.add(outcome);
      if (status === 'failed') failuresByStage[failureStage(outcome)] += 1;
      if (error !== undefined) byError.update(error.code, (count) => count + 1);
      if (isSaved && tags[tag] !== undefined) byTag.update(tags[tag], (count) => count + 1);
      if (cached || typeof metrics.predict_time !== 'number') return;
      predictTime.add(metrics.predict_time);
      slowest.add(outcome, metrics.predict_time);
    },
    toJSON(run) {
      const { saved, failed, skipped, cacheHits, microUsd, costIncomplete } = totals;
      const total = saved + failed + skipped;
      const elapsedSeconds = run.elapsedMs / 1_000;
      return {
        run,
        total,
        saved,
        failed,
        skipped,
        successRate: total === 0 ? 0 : saved / total,
        cacheHits,
        elapsedSeconds,
        requestsPerImage: requestsPerImage(run),
        averageSecondsPerImage: saved === 0 ? 0 : elapsedSeconds / saved,
        predictTime: predictTime.summary(),
        costUsd: toUsd(microUsd),
        costIncomplete,
        costByModel: Object.fromEntries(
          Object.entries(costs.byModel()).map(([model, cost]) => [model, { ...cost, price: priceOf(model) }]),
        ),
        failuresByStage: { ...failuresByStage },
        errors: mostFrequentFirst(byError.entries()),
        slowest: slowest.list(),
        outputsByTag: Object.fromEntries(byTag.entries()),
      };
    },
  };
}

function mostFrequentFirst(counts: [code: string, count: number][]): ErrorCount[] {
  return counts.map(([code, count]) => ({ code, count })).sort((a, b) => b.count - a.count);
}

/** Sums of fractions drift, sums of whole micro-dollars do not. */
function toMicroUsd(usd: number | null): number {
  return Math.round((usd ?? 0) * 1_000_000);
}

function toUsd(microUsd: number): number {
  return microUsd / 1_000_000;
}

/** To three decimals. */
function requestsPerImage({ apiRequests, saved = 0 }: ReportedRun): number | null {
  return apiRequests === undefined || saved === 0 ? null : Math.round((apiRequests / saved) * 1_000) / 1_000;
}
