import { dirname } from 'node:path';
import { UsageError } from '../errors.ts';
import type { InputFiles } from '../types.ts';
import type { CampaignSpec } from './CampaignSpec.ts';
import { inputFiles } from './inputFiles.ts';
import type { JobContext } from './JobContext.ts';

/**
 * The files of a campaign's pictures: those under `input:` in its spec, from the spec's folder, unless the context has another
 * value there, and those of the context. Rejects with `UsageError` as `inputFiles` does.
 */
export async function campaignFiles(
  { input }: CampaignSpec,
  specPath: string,
  { schema, input: given, files }: JobContext,
): Promise<InputFiles> {
  const own = Object.entries(input).filter(([name]) => !Object.hasOwn(given, name));
  try {
    const found = await inputFiles(Object.fromEntries(own), { schema, folder: dirname(specPath) });
    return { ...found, ...files };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${specPath}: input: ${error.message}`, {
      suggestion: error.suggestion,
      cause: error,
    });
  }
}
