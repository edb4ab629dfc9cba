import { option, UsageError } from '../../../errors.ts';
import { distinctRenditions } from '../../../renditions/lists.ts';
import { sizeInput } from '../../../sources/modelInputs/adaptInput.ts';
import { checkInput } from '../../../sources/modelInputs/checkInput.ts';
import { inputFiles } from '../../../sources/modelInputs/inputFiles.ts';
import { checkJobContext, type JobContext } from '../../../sources/planning/jobContext.ts';
import { jobInput } from '../../../sources/planning/jobInput.ts';
import { checkSeeds, createSeeder } from '../../../sources/planning/seeds.ts';
import type { InputFiles, Job } from '../../../types.ts';
import { type CampaignSpec, campaignPrompt } from './spec.ts';

/**
 * Makes the jobs of a campaign: platforms x variations x count, in the order of the spec. Each
 * image has its platform's shape, the platform's rendition, and the tags `platform` and
 * `variation`. Inputs of the context override the spec's, and those override the shape's.
 * `context.files` are the files of both; `campaignFiles` finds them.
 *
 * Throws `UsageError` at call time if the model cannot take the inputs of the spec.
 */
export function campaignJobs(spec: CampaignSpec, context: JobContext): Iterable<Job> {
  const whole = { ...context, input: { ...spec.input, ...context.input } };
  checkJobContext(whole);
  checkRequired(spec, whole);
  checkPrompts(spec, whole);
  checkSeeds(spec.platforms.length * spec.variations.length, whole);
  return { [Symbol.iterator]: () => jobs(spec, whole) };
}

function checkRequired({ platforms }: CampaignSpec, { schema, model, input }: JobContext): void {
  const { widthPx = 1, heightPx = 1 } = platforms[0] ?? {};
  const given = { ...sizeInput(widthPx, heightPx, schema), ...input, prompt: '' };
  const missing = schema?.required.find((name) => !Object.hasOwn(given, name));
  if (missing === undefined) return;
  throw new UsageError(`${model} requires a value for \`${missing}\``, {
    suggestion: `Give it under input: in the spec, or as ${option('--input', `${missing}=VALUE`)}.`,
  });
}

function checkPrompts(spec: CampaignSpec, { schema }: JobContext): void {
  const property = schema?.properties.prompt;
  if (property === undefined) return;
  for (const { name } of spec.platforms) {
    for (const variation of spec.variations) {
      checkInput('prompt', campaignPrompt(spec, name, variation), property);
    }
  }
}

function* jobs(spec: CampaignSpec, context: JobContext): Generator<Job, void, void> {
  const { model, version, schema, count, limit = Infinity } = context;
  const seeded = createSeeder(context);
  const { files = {} } = context;
  const ownFiles = Object.keys(files).length === 0 ? {} : { files };
  let index = 0;
  for (const platform of spec.platforms) {
    const frame = sizeInput(platform.widthPx, platform.heightPx, schema);
    const renditions = distinctRenditions([platform, ...spec.renditions, ...context.renditions]);
    for (const variation of spec.variations) {
      const prompt = campaignPrompt(spec, platform.name, variation);
      const { input, ...secrets } = jobInput({ ...frame, ...context.input, prompt }, schema);
      const tags = { platform: platform.name, variation: variation.name };
      for (let copy = 0; copy < count; copy += 1) {
        if (index >= limit) return;
        yield {
          index,
          prompt,
          model,
          version,
          input: seeded(input, { index, copy }, files),
          tags,
          renditions,
          ...ownFiles,
          ...secrets,
        };
        index += 1;
      }
    }
  }
}

/**
 * Finds the files of a campaign: those under `input:` in its spec that the context does not
 * override, relative to the context's folder, and those of the context. Rejects with `UsageError`
 * as `inputFiles` does.
 */
export async function campaignFiles(
  { input }: CampaignSpec,
  { schema, input: given, files, folder, allowFiles = [] }: JobContext,
): Promise<InputFiles> {
  const own = Object.entries(input).filter(([name]) => !Object.hasOwn(given, name));
  try {
    const config = { schema, allowFiles, ...(folder === undefined ? {} : { folder }) };
    const found = await inputFiles(Object.fromEntries(own), config);
    return { ...found, ...files };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`input: ${error.message}`, { suggestion: error.suggestion, cause: error });
  }
}
