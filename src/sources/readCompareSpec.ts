import type { CompareSpec } from './CompareSpec.ts';
import { compareSpecSchema } from './compareSpecSchema.ts';
import { readSpec } from './readSpec.ts';

/** Reads a comparison's spec from a YAML or JSON file. Rejects with `UsageError` as `readSpec` does. */
export function readCompareSpec(path: string): Promise<CompareSpec> {
  return readSpec(path, compareSpecSchema, { what: 'comparison spec' });
}
