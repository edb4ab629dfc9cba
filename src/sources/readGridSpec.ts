import type { GridSpec } from './GridSpec.ts';
import { gridSpecSchema } from './gridSpecSchema.ts';
import { readBatchSpec } from './readBatchSpec.ts';

/** Reads a grid spec from a YAML or JSON file. Rejects with `UsageError` as `readBatchSpec` does. */
export function readGridSpec(path: string): Promise<GridSpec> {
  return readBatchSpec(path, gridSpecSchema, { what: 'grid spec' });
}
