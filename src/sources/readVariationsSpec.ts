import { readSpec } from './readSpec.ts';
import type { VariationsSpec } from './VariationsSpec.ts';
import { variationsSpecSchema } from './variationsSpecSchema.ts';

/** Reads a spec of variations from a YAML or JSON file. Rejects with `UsageError` as `readSpec` does. */
export function readVariationsSpec(path: string): Promise<VariationsSpec> {
  return readSpec(path, variationsSpecSchema, { what: 'spec of variations' });
}
