import { dirname } from 'node:path';
import { campaignBatch } from '../../pipelines/front/planning/campaignBatch.ts';
import { campaignFiles } from '../../pipelines/workflows/campaign/jobs.ts';
import { readCampaignSpec } from '../../pipelines/workflows/campaign/spec.ts';
import { prefixSpecName } from '../../sources/specs/readSpec.ts';
import { type BatchScriptContext, withSpec } from '../batch/batchScript.ts';
import { chooseFolder } from '../batch/chooseFolder.ts';
import { findModel, jobContext, specModel } from '../batch/models.ts';
import { startBatch } from '../batch/startBatch.ts';

const defaultModel = 'black-forest-labs/flux-schnell';

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
