import { join } from 'node:path';
import { from, map, type Observable } from 'rxjs';
import { writeJson } from '../../../disk/writeFiles.ts';
import type { Report } from '../../../sinks/report/report.ts';
import type { JobContext } from '../../../sources/planning/jobContext.ts';
import { type PlanJobsConfig, planJobs } from '../../../sources/planning/planJobs.ts';
import { atEnd } from '../../run/closing/faults.ts';
import type { FinishedRun } from '../../run/closing/results.ts';
import type { RunSettings } from '../../run/settings.ts';
import { runCounted } from '../../runToFolder.ts';
import { campaignJobs } from './jobs.ts';
import type { CampaignSpec } from './spec.ts';

/**
 * Makes an image for each platform in each variation, in the platform's shape (the nearest that the
 * model's schema offers) and size (a rendition), below `platform/variation`. Then writes
 * `campaign_report.json`. Emits the finished run.
 *
 *     spec: 2 platforms, 2 variations   4 jobs
 *     runCampaign                       -----(end|)
 *
 * Throws `UsageError` if the model cannot take what the spec gives. Errors as `runToFolder` does.
 */
export function runCampaign(
  spec: CampaignSpec,
  context: JobContext,
  settings: RunSettings & PlanJobsConfig,
): Observable<FinishedRun> {
  const jobs = campaignJobs(spec, context);
  const asked = spec.platforms.length * spec.variations.length * context.count;
  const total = Math.min(asked, context.limit ?? asked);
  return runCounted(() => planJobs(jobs, settings), total, settings).pipe(
    atEnd((end) =>
      from(writeCampaignReport(settings.folder, campaignReport(end.report))).pipe(map(() => end)),
    ),
  );
}

/**
 * Writes `campaign_report.json` into the run folder. Rejects with `StorageError` if it cannot be
 * written.
 */
export function writeCampaignReport(folder: string, report: CampaignReport): Promise<void> {
  return writeJson(join(folder, 'campaign_report.json'), report);
}

/** The content of `campaign_report.json`. Other programs read these names. */
export interface CampaignReport {
  readonly total: number;
  readonly successful: number;
  /** Jobs that are not successful: failed or skipped. */
  readonly failed: number;
  /** Successful jobs divided by all jobs, 0…1. */
  readonly success_rate: number;
  readonly total_time_seconds: number;
  /** Average over the successful jobs. */
  readonly average_seconds_per_asset: number;
  /** Successful jobs by platform. */
  readonly outputs_by_platform: Readonly<Record<string, number>>;
}

/** Derives the report of a campaign from a run's report that is grouped by the tag `platform`. */
export function campaignReport(report: Report): CampaignReport {
  return {
    total: report.total,
    successful: report.saved,
    failed: report.failed + report.skipped,
    success_rate: report.successRate,
    total_time_seconds: report.elapsedSeconds,
    average_seconds_per_asset: report.averageSecondsPerImage,
    outputs_by_platform: report.outputsByTag,
  };
}
