import { renditionFrames } from '../../../renditions/lists.ts';
import type { JobContext } from '../../../sources/planning/jobContext.ts';
import { fingerprintOf } from '../../../sources/planning/requestKey.ts';
import { runCampaign } from '../../workflows/campaign/campaign.ts';
import { campaignJobs } from '../../workflows/campaign/jobs.ts';
import type { CampaignSpec } from '../../workflows/campaign/spec.ts';
import type { JobsToPlan } from './planBatch.ts';

/**
 * Turns a campaign into jobs. `context.files` are those of `campaignFiles`. Throws `UsageError` if
 * the model cannot take the inputs of the spec.
 */
export function campaignBatch(spec: CampaignSpec, context: JobContext): JobsToPlan {
  const { budgetUsd: _budget, priceUsd: _price, platforms, renditions, ...others } = spec;
  const imageSettings = {
    ...others,
    platforms: renditionFrames(platforms),
    renditions: renditionFrames(renditions),
  };
  const jobs = campaignJobs(spec, context);
  const total = platforms.length * spec.variations.length * context.count;
  return {
    jobs: () => jobs,
    total: Math.min(total, context.limit ?? total),
    context,
    renditions: [...platforms, ...renditions],
    tagNames: ['platform', 'variation'],
    // Budget and price do not change the images.
    fingerprint: fingerprintOf(JSON.parse(JSON.stringify(imageSettings)), context),
    run: (settings) => runCampaign(spec, context, settings),
  };
}
