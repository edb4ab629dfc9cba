import { coerceInput } from '../sources/coerceInput.ts';
import { inputFiles } from '../sources/inputFiles.ts';
import type { JobContext } from '../sources/JobContext.ts';
import { parseRendition } from '../sources/parseRendition.ts';
import { readableOverlays } from '../sources/readableOverlays.ts';
import type { Model } from '../types.ts';
import type { ModelReference } from './Flags.ts';
import type { SettledFlags } from './withDefaults.ts';

/**
 * What the flags say about all jobs, read with the model's schema. Rejects with `UsageError` where a value is impossible, or
 * a file is not there; paths begin in the working directory.
 */
export async function jobContext(
  flags: SettledFlags,
  { version }: ModelReference,
  model: Model,
): Promise<JobContext> {
  const { name, schema } = model;
  const pairs = flags.modelInput.map(
    ([key, text]) => [key, coerceInput(key, text, schema?.properties[key])] as const,
  );
  const input = Object.fromEntries(pairs);
  const files = await inputFiles(input, { schema });
  const renditions = flags.renditions.map((text) => parseRendition(text));
  return {
    model: name,
    version,
    schema,
    input,
    ...(Object.keys(files).length === 0 ? {} : { files }),
    count: flags.count,
    seed: flags.seed,
    renditions: await readableOverlays(renditions, process.cwd()),
    ...(flags.limit === null ? {} : { limit: flags.limit }),
  };
}
