import { basename, join } from 'node:path';
import { writeJson } from '../../../disk/writeFiles.ts';
import { manifestOutcomes } from '../../../sinks/manifest/manifest.ts';
import type { Outcome } from '../../../types.ts';
import type { FinishedRun } from '../../run/closing/results.ts';
import type { CampaignSpec } from './spec.ts';

/** Jobs and times of a campaign. */
export interface CampaignFigures {
  readonly total: number;
  readonly successful: number;
  /** Jobs that are not successful: failed or skipped. */
  readonly failed: number;
  /** Successful jobs divided by all jobs, 0…1. */
  readonly success_rate: number;
  readonly total_time_seconds: number;
  /** Average over the successful jobs. */
  readonly average_seconds_per_asset: number;
}

/** The content of `campaign_report.json`. Other programs read these names. */
export interface CampaignReport extends CampaignFigures {
  /** `name` of the spec, else the name of the run folder. */
  readonly campaign: string;
  readonly theme: string;
  /** The end of the last run, ISO 8601. */
  readonly generated: string;
  /** Name of the service, `simulator` for one; null if it has none. */
  readonly service: string | null;
  /** Names of the platforms, in the order of the spec. */
  readonly platforms: readonly string[];
  /** Names of the variations, in the order of the spec. */
  readonly variations: readonly string[];
  /** Successful jobs by platform. */
  readonly outputs_by_platform: Readonly<Record<string, number>>;
  /**
   * Paths of the images by platform, then by variation, relative to the run folder: the renditions
   * that are named after the platform. Each platform has each variation, if only with an empty
   * list.
   */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

type Counted = Pick<FinishedRun, 'report' | 'startedAtMs' | 'elapsedMs'>;

/**
 * Writes `campaign_report.json` into the run folder, over all outcomes of its manifest. Rejects
 * with `StorageError` if it cannot be written.
 */
export async function writeCampaignReport(spec: CampaignSpec, folder: string, end: Counted): Promise<void> {
  const report = await campaignReport(spec, { folder, end, outcomes: manifestOutcomes(folder) });
  await writeJson(join(folder, 'campaign_report.json'), report);
}

interface CampaignReportConfig {
  folder: string;
  /** The end of the last run; its report is grouped by the tag `platform`. */
  end: Counted;
  /** All outcomes of the folder. */
  outcomes: Iterable<Outcome> | AsyncIterable<Outcome>;
}

/** Makes the report of a campaign. */
export async function campaignReport(
  { name, theme, platforms, variations }: CampaignSpec,
  { folder, end, outcomes }: CampaignReportConfig,
): Promise<CampaignReport> {
  const { report, startedAtMs, elapsedMs } = end;
  const outputs = new Map(
    platforms.map((platform) => [
      platform.name,
      new Map(variations.map((variation) => [variation.name, [] as string[]])),
    ]),
  );
  for await (const outcome of outcomes) {
    const { platform = '', variation = '' } = outcome.tags;
    outputs
      .get(platform)
      ?.get(variation)
      ?.push(...pathsOf(outcome, platform));
  }
  return {
    campaign: name ?? basename(folder),
    theme,
    generated: new Date(startedAtMs + elapsedMs).toISOString(),
    service: report.service,
    platforms: platforms.map((platform) => platform.name),
    variations: variations.map((variation) => variation.name),
    total: report.total,
    successful: report.saved,
    failed: report.failed + report.skipped,
    success_rate: report.successRate,
    total_time_seconds: report.elapsedSeconds,
    average_seconds_per_asset: report.averageSecondsPerImage,
    outputs_by_platform: report.outputsByTag,
    outputs: Object.fromEntries(
      [...outputs].map(([platform, paths]) => [platform, Object.fromEntries(paths)]),
    ),
  };
}

function pathsOf({ status, files }: Outcome, platform: string): string[] {
  if (status !== 'saved') return [];
  return files.filter(({ role, name }) => role === 'rendition' && name === platform).map(({ path }) => path);
}
