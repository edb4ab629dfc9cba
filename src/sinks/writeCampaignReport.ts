import { join } from 'node:path';
import type { CampaignReport } from './campaignReport.ts';
import { writeAtomically } from './writeAtomically.ts';

/** Writes `campaign_report.json` into the run folder. Rejects with `StorageError` where the disk refuses. */
export function writeCampaignReport(folder: string, report: CampaignReport): Promise<void> {
  return writeAtomically(join(folder, 'campaign_report.json'), `${JSON.stringify(report, null, 2)}\n`);
}
