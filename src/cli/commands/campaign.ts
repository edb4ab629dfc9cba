import { campaign } from '../../pipelines/workflows/campaign/campaign.ts';
import { campaignFiles, campaignJobs } from '../../pipelines/workflows/campaign/jobs.ts';
import { readCampaignSpec } from '../../pipelines/workflows/campaign/spec.ts';
import { renditionFrames } from '../../renditions/lists.ts';
import { fingerprintOf } from '../../sources/planning/requestKey.ts';
import { type BatchScriptContext, prefixSpecName, runBatchScript, withSpec } from '../batch/batchScript.ts';
import { chooseFolder } from '../batch/chooseFolder.ts';
import { findModel, jobContext, specModel } from '../batch/models.ts';
import { startBatch } from '../batch/startBatch.ts';
import { createCommand } from '../flags/command.ts';
import { commandTable, type RunCommand } from '../flags/commandTable.ts';

const defaultModel = 'black-forest-labs/flux-schnell';

const command = createCommand({
  name: 'campaign',
  summary: commandTable.campaign.help,
  inputs: [{ name: 'SPEC', help: '.yaml or .json file with theme, platforms and variations' }],
  examples: [
    'examples/summer-launch.yaml --simulate',
    'spec.yaml --dry-run',
    'spec.yaml --count 3 --budget 10',
  ],
});

/** Runs the command for the arguments after its name. */
export const run: RunCommand = (argv) => runBatchScript(command, campaignCommand, argv);

/**
 * Makes the images of a campaign spec: every variation for every platform. Resolves with the exit
 * code.
 */
export async function campaignCommand(script: BatchScriptContext): Promise<number> {
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
    around: script.around,
    run: (settings) => campaign(spec, context, settings),
  });
}
