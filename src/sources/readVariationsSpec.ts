import { readBatchSpec } from './readBatchSpec.ts';
import type { VariationsSpec } from './VariationsSpec.ts';
import { variationsSpecSchema } from './variationsSpecSchema.ts';

/** Reads a spec of variations from a YAML or JSON file. Rejects with `UsageError` as `readBatchSpec` does. */
export function readVariationsSpec(path: string): Promise<VariationsSpec> {
  return readBatchSpec(path, variationsSpecSchema, { what: 'spec of variations' });
}
