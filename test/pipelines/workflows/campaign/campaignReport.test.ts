import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { campaignReport, writeCampaignReport } from '../../../../src/pipelines/workflows/campaign/report.ts';
import { createReport } from '../../../../src/sinks/report/report.ts';
import type { Outcome, OutcomeFile } from '../../../../src/types.ts';
import { aCampaign } from '../../../helpers/aCampaign.ts';
import { anOutcome } from '../../../helpers/anOutcome.ts';
import { temporaryFolder } from '../../../helpers/temporaryFolder.ts';

const folder = temporaryFolder();

const spec = aCampaign({ name: 'launch' });

function rendition(name: string, path: string): OutcomeFile {
  return { role: 'rendition', name, path, width: 8, height: 8, format: 'jpeg', bytes: 1, sha256: 'a' };
}

/** An outcome of a platform and a variation, with an original, its rendition and a thumbnail. */
function made(platform: string, variation: string, fields: Partial<Outcome> = {}): Outcome {
  const files = [
    ...anOutcome().files,
    rendition(platform, `${platform}/${variation}.jpg`),
    rendition('thumb', `${platform}/${variation}-thumb.jpg`),
  ];
  return anOutcome({ tags: { platform, variation }, files, ...fields });
}

const outcomes = [
  made('instagram_post', 'dawn'),
  made('instagram_post', 'dusk', { status: 'failed' }),
  made('facebook_ad', 'dawn'),
  made('facebook_ad', 'dusk', { status: 'skipped', files: [] }),
  // Of a platform that the spec no longer has.
  made('twitter_post', 'dawn', { status: 'failed' }),
];

function endOf(all: readonly Outcome[]) {
  const report = createReport({ service: 'simulator' });
  for (const outcome of all) report.add(outcome);
  const startedAtMs = Date.UTC(2026, 0, 2, 3, 4, 5);
  return { report: report.toJSON({ elapsedMs: 12_000 }), startedAtMs, elapsedMs: 12_000 };
}

it('names campaign and axes, counts, and lists the files by platform and variation', async () => {
  expect(await campaignReport(spec, { folder: '/out/x', end: endOf(outcomes), outcomes })).toEqual({
    campaign: 'launch',
    theme: 'a lemonade stand',
    generated: '2026-01-02T03:04:17.000Z', // the start + 12 s
    service: 'simulator',
    platforms: ['instagram_post', 'facebook_ad'],
    variations: ['dawn', 'dusk'],
    total: 5,
    successful: 2,
    failed: 3,
    success_rate: 2 / 5,
    total_time_seconds: 12,
    average_seconds_per_asset: 12 / 2,
    outputs_by_platform: { instagram_post: 1, facebook_ad: 1 },
    outputs: {
      instagram_post: { dawn: ['instagram_post/dawn.jpg'], dusk: [] },
      facebook_ad: { dawn: ['facebook_ad/dawn.jpg'], dusk: [] },
    },
  });
});

it('calls a campaign without a name by its folder, and reads the outcomes there', async () => {
  await writeCampaignReport({ ...spec, name: null }, folder(), endOf([]));
  const report = JSON.parse(await readFile(join(folder(), 'campaign_report.json'), 'utf8'));
  expect(report).toMatchObject({
    campaign: basename(folder()),
    total: 0,
    outputs: { facebook_ad: { dusk: [] } },
  });
});
