// Makes the images of a campaign spec: every variation for every platform.
import packageJson from '../package.json' with { type: 'json' };
import { prefixSpecName, runBatchScript, withSpec } from '../src/cli/batch/batchScript.ts';
import { chooseFolder } from '../src/cli/batch/chooseFolder.ts';
import { findModel, jobContext, specModel } from '../src/cli/batch/models.ts';
import { startBatch } from '../src/cli/batch/startBatch.ts';
import { createCommand } from '../src/cli/flags/command.ts';
import { campaign } from '../src/pipelines/workflows/campaign/campaign.ts';
import { campaignFiles, campaignJobs } from '../src/pipelines/workflows/campaign/jobs.ts';
import { readCampaignSpec } from '../src/pipelines/workflows/campaign/spec.ts';
import { renditionFrames } from '../src/renditions/lists.ts';
import { fingerprintOf } from '../src/sources/planning/requestKey.ts';

const defaultModel = 'black-forest-labs/flux-schnell';

const command = createCommand({
  name: 'campaign',
  summary:
    'Makes the images of a campaign: a theme in several variations, in the shape and size of each platform.',
  version: packageJson.version,
  inputs: [{ name: 'SPEC', help: '.yaml or .json file with theme, platforms and variations' }],
  examples: [
    'campaign.ts examples/summer-launch.yaml --simulate',
    'campaign.ts spec.yaml --dry-run',
    'campaign.ts spec.yaml --count 3 --budget 10',
  ],
});

await runBatchScript(command, async (script) => {
  const [input = ''] = script.inputs;
  const { flags: given, service, io } = script;
  const spec = await readCampaignSpec(input, given);
  const { budgetUsd: _budget, priceUsd: _price, platforms, renditions, ...others } = spec;
  const imageSettings = {
    ...others,
    platforms: renditionFrames(platforms),
    renditions: renditionFrames(renditions),
  };
  const flags = withSpec(given, spec, service);
  const reference = specModel(spec, flags, service, defaultModel);
  const common = await jobContext(flags, reference, await findModel(service.provider, reference));
  const context = { ...common, files: await campaignFiles(spec, input, common) };
  const place = await chooseFolder(script, input, { name: spec.name });
  const jobs = await prefixSpecName(input, () => campaignJobs(spec, context));
  const total = spec.platforms.length * spec.variations.length * context.count;
  return startBatch({
    ...place,
    jobs: () => jobs,
    total: Math.min(total, context.limit ?? total),
    context,
    renditions: [...platforms, ...renditions],
    tagNames: ['platform', 'variation'],
    // Budget and price do not change the images.
    fingerprint: fingerprintOf(JSON.parse(JSON.stringify(imageSettings)), context),
    flags,
    service,
    io,
    run: (settings) => campaign(spec, context, settings),
  });
});
