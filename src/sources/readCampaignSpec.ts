import type { CampaignSpec } from './CampaignSpec.ts';
import { campaignSpecSchema } from './campaignSpecSchema.ts';
import { readSpec } from './readSpec.ts';

/** Reads a campaign spec from a YAML or JSON file. Rejects with `UsageError` as `readSpec` does. */
export function readCampaignSpec(path: string): Promise<CampaignSpec> {
  return readSpec(path, campaignSpecSchema, { what: 'campaign spec' });
}
