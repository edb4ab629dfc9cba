import { readSpec } from './readSpec.ts';
import type { StylesSpec } from './StylesSpec.ts';
import { stylesSpecSchema } from './stylesSpecSchema.ts';

/** Reads a spec of style references from a YAML or JSON file. Rejects with `UsageError` as `readSpec` does. */
export function readStylesSpec(path: string): Promise<StylesSpec> {
  return readSpec(path, stylesSpecSchema, { what: 'spec of styles' });
}
