import { coerceInput } from '../sources/coerceInput.ts';
import type { JobContext } from '../sources/JobContext.ts';
import { parseRendition } from '../sources/parseRendition.ts';
import type { Model } from '../types.ts';
import type { ModelReference } from './Flags.ts';
import type { SettledFlags } from './withDefaults.ts';

/** What the flags say about all jobs, read with the model's schema. Throws `UsageError` where a value is impossible. */
export function jobContext(flags: SettledFlags, { version }: ModelReference, model: Model): JobContext {
  const { name, schema } = model;
  const pairs = flags.modelInput.map(
    ([key, text]) => [key, coerceInput(key, text, schema?.properties[key])] as const,
  );
  return {
    model: name,
    version,
    schema,
    input: Object.fromEntries(pairs),
    count: flags.count,
    seed: flags.seed,
    renditions: flags.renditions.map((text) => parseRendition(text)),
    ...(flags.limit === null ? {} : { limit: flags.limit }),
  };
}
