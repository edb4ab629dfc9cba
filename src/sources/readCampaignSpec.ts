import type { CampaignSpec } from './CampaignSpec.ts';
import { campaignSpecSchema } from './campaignSpecSchema.ts';
import { readBatchSpec } from './readBatchSpec.ts';

/** Reads a campaign spec from a YAML or JSON file. Rejects with `UsageError` as `readBatchSpec` does. */
export function readCampaignSpec(path: string): Promise<CampaignSpec> {
  return readBatchSpec(path, campaignSpecSchema, { what: 'campaign spec' });
}
