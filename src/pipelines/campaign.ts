import { concatMap, from, map, type Observable } from 'rxjs';
import { campaignReport } from '../sinks/campaignReport.ts';
import { writeCampaignReport } from '../sinks/writeCampaignReport.ts';
import type { CampaignSpec } from '../sources/CampaignSpec.ts';
import { campaignJobs } from '../sources/campaignJobs.ts';
import type { JobContext } from '../sources/JobContext.ts';
import { type PlanJobsConfig, planJobs } from '../sources/planJobs.ts';
import type { RunSettings } from './openRun.ts';
import { type FinishedRun, runToFolder } from './runToFolder.ts';

/**
 * A campaign in its folder: a picture for each platform in each variation, in the platform's shape (the nearest that the
 * model's schema offers) and size (a rendition), below `platform/variation`; then `campaign_report.json`. Emits once how
 * it ended.
 *
 *     spec: 2 platforms, 2 variations   4 jobs
 *     campaign                          -----(end|)
 *
 * Throws `UsageError` where the spec asks for what the model cannot take; emits what `runToFolder` emits.
 */
export function campaign(
  spec: CampaignSpec,
  context: JobContext,
  settings: RunSettings & PlanJobsConfig,
): Observable<FinishedRun> {
  const jobs = campaignJobs(spec, context);
  const asked = spec.platforms.length * spec.variations.length * context.count;
  const total = Math.min(asked, context.limit ?? asked);
  return runToFolder(() => planJobs(jobs, settings), total, settings).pipe(
    concatMap((end) =>
      from(writeCampaignReport(settings.folder, campaignReport(end.report))).pipe(map(() => end)),
    ),
  );
}
