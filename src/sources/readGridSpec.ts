import type { GridSpec } from './GridSpec.ts';
import { gridSpecSchema } from './gridSpecSchema.ts';
import { readSpec } from './readSpec.ts';

/** Reads a grid spec from a YAML or JSON file. Rejects with `UsageError` as `readSpec` does. */
export function readGridSpec(path: string): Promise<GridSpec> {
  return readSpec(path, gridSpecSchema, { what: 'grid spec' });
}
