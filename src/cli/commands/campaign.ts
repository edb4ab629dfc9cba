import { dirname } from 'node:path';
import { campaignBatch } from '../../pipelines/front/planning/campaignBatch.ts';
import { campaignFiles } from '../../pipelines/workflows/campaign/jobs.ts';
import { readCampaignSpec } from '../../pipelines/workflows/campaign/spec.ts';
import { prefixSpecName } from '../../sources/specs/readSpec.ts';
import { type BatchScriptContext, batchCommand, withSpec } from '../batch/batchScript.ts';
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
export const run: RunCommand = batchCommand(command, campaignCommand);

/**
 * Makes the images of a campaign spec: every variation for every platform. Resolves with the exit
 * code.
 */
export async function campaignCommand(script: BatchScriptContext): Promise<number> {
  const [input = ''] = script.inputs;
  const { flags: given, service, io } = script;
  const spec = await readCampaignSpec(input, given);
  const flags = withSpec(given, spec, service);
  const reference = specModel(spec, flags, service, defaultModel);
  const common = await jobContext(flags, reference, await findModel(service.provider, reference));
  const own = { ...common, folder: dirname(input) };
  const context = { ...own, files: await prefixSpecName(input, () => campaignFiles(spec, own)) };
  const place = await chooseFolder(script, input, { name: spec.name });
  const batch = await prefixSpecName(input, () => campaignBatch(spec, context));
  return startBatch({ ...place, ...batch, flags, service, io, around: script.around });
}
