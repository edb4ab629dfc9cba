import { from, map, type Observable } from 'rxjs';
import type { JobContext } from '../../../sources/planning/jobContext.ts';
import { type PlanJobsConfig, planJobs } from '../../../sources/planning/planJobs.ts';
import { checkSettings } from '../../run/checkSettings.ts';
import { atEnd } from '../../run/closing/faults.ts';
import type { FinishedRun } from '../../run/closing/results.ts';
import type { RunSettings } from '../../run/settings.ts';
import { runCounted } from '../../runToFolder.ts';
import { campaignJobs } from './jobs.ts';
import { writeCampaignReport } from './report.ts';
import type { CampaignSpec } from './spec.ts';

/**
 * Makes an image for each platform in each variation, in the platform's shape (the nearest that the
 * model's schema offers) and size (a rendition), below `platform/variation`. Then writes
 * `campaign_report.json`. Emits the finished run.
 *
 *     spec: 2 platforms, 2 variations   4 jobs
 *     runCampaign                       -----(end|)
 *
 * Throws `UsageError` if the model cannot take the inputs of the spec. Errors as `runToFolder`
 * does.
 */
export function runCampaign(
  spec: CampaignSpec,
  context: JobContext,
  settings: RunSettings & PlanJobsConfig,
): Observable<FinishedRun> {
  checkSettings(settings, 'folder', 'provider');
  const jobs = campaignJobs(spec, context);
  const asked = spec.platforms.length * spec.variations.length * context.count;
  const total = Math.min(asked, context.limit ?? asked);
  return runCounted(() => planJobs(jobs, settings), total, settings).pipe(
    atEnd((end) => from(writeCampaignReport(spec, settings.folder, end)).pipe(map(() => end))),
  );
}
