import type { Report } from './Report.ts';

/** `campaign_report.json`; its names are read by other programs. */
export interface CampaignReport {
  readonly total: number;
  readonly successful: number;
  /** All that are not successful: failed and skipped. */
  readonly failed: number;
  /** Successful of total, 0…1. */
  readonly success_rate: number;
  readonly total_time_seconds: number;
  /** Over the successful ones. */
  readonly average_seconds_per_asset: number;
  /** Successful ones by platform. */
  readonly outputs_by_platform: Readonly<Record<string, number>>;
}

/** What a campaign wants to know of a report that was made by the tag `platform`. */
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
