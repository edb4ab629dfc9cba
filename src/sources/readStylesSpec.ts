import { readBatchSpec } from './readBatchSpec.ts';
import type { StylesSpec } from './StylesSpec.ts';
import { stylesSpecSchema } from './stylesSpecSchema.ts';

/** Reads a spec of style references from a YAML or JSON file. Rejects with `UsageError` as `readBatchSpec` does. */
export function readStylesSpec(path: string): Promise<StylesSpec> {
  return readBatchSpec(path, stylesSpecSchema, { what: 'spec of styles' });
}
